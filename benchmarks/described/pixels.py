"""Claims about CIFAR-10's images, the split, their bytes and their scaling, measured on the images themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from described.claim import Claim
from lowres.files.sources.open_source import open_source
from lowres.networks.backbones.trunk import find_backbone
from lowres.values.split import make_split

_MIB = 2**20


def claims() -> list[Claim]:
    """Return the claims that need the images but no network."""
    images = open_source("cifar10").images
    split = make_split(images, pool_images=10_000)
    return [*_counts(images, split), *_contents(images), *_memory(split), *_scaling(images.pixels[split.train[:1000]])]


def _counts(images: Any, split: Any) -> list[Claim]:
    sizes = {name: len(split.part(name)) for name in ("train", "validation", "test")}
    train = np.bincount(images.labels[split.train]).tolist()
    again = make_split(images, pool_images=10_000)
    pool = np.sort(np.concatenate([split.train, split.validation]))
    theirs = train_test_split(pool, test_size=0.2, stratify=images.labels[pool], random_state=42)
    return [
        Claim(
            "2 Q3",
            "Train: 8,000 images (80%), Validation: 2,000 images (20%), Test: 10,000 images",
            "right",
            "{train:,} / {validation:,} / {test:,}.",
            sizes,
        ),
        Claim(
            "2 Q2",
            "It ensures each class has equal representation",
            "right for another reason",
            "Stratifying keeps the shares that are there; they are equal ({low} of each class in train) "
            "because CIFAR-10's are.",
            {"low": min(train), "high": max(train)},
            holds=min(train) == max(train),
        ),
        Claim(
            "2 Q4",
            "Any fixed integer ensures the same split every run.",
            "right",
            "Two splits of the same seed share {same:.0%} of their train images; scikit-learn's, drawn from the same "
            "10,000 in another order, shares {theirs:.0%}: the seed fixes the split only for images in the same order.",
            {
                "same": len(np.intersect1d(split.train, again.train)) / len(split.train),
                "theirs": len(np.intersect1d(split.train, theirs[0])) / len(split.train),
            },
        ),
    ]


def _contents(images: Any) -> list[Claim]:
    held_out = np.bincount(images.labels[images.held_out])
    every = np.bincount(images.labels)
    return [
        Claim(
            "2 Q5",
            "0-255 (uint8).",
            "right",
            "{dtype}, {low} to {high}.",
            {"dtype": str(images.pixels.dtype), "low": int(images.pixels.min()), "high": int(images.pixels.max())},
        ),
        Claim(
            "2 Q8",
            "6000 images per class total (5000 train + 1000 test)",
            "right",
            "{every:,} of each class, {test:,} of them in the test part.",
            {"every": int(every[0]), "test": int(held_out[0])},
            bool((every == 6000).all() and (held_out == 1000).all()),
        ),
    ]


def _memory(split: Any) -> list[Claim]:
    sizes = {name: len(split.part(name)) * 32 * 32 * 3 * 4 for name in ("train", "validation", "test")}
    figures = {
        **{f"{name}_mib": size / _MIB for name, size in sizes.items()},
        **{f"{name}_mb": size / 1e6 for name, size in sizes.items()},
        "total_mib": sum(sizes.values()) / _MIB,
        "total_mb": sum(sizes.values()) / 1e6,
    }
    return [
        Claim(
            "3 Q2",
            "4x increase. uint8 uses 1 byte per value, float32 uses 4 bytes. For 8000 images of 32x32x3: ~93.8 MB",
            "right for another reason",
            "4x is right. {train_mib:.2f} MiB, which is {train_mb:.1f} MB: the document's MB are MiB throughout.",
            figures,
        ),
        Claim(
            "3 Q6",
            "Train: 93.8 MB, Val: 23.5 MB, Test: 117.2 MB. Total ~235 MB for images alone.",
            "wrong",
            "{train_mib:.2f}, {validation_mib:.2f} and {test_mib:.2f} MiB, {total_mib:.1f} in all; in MB "
            "{train_mb:.1f}, "
            "{validation_mb:.1f}, {test_mb:.1f} and {total_mb:.1f}. Validation is {validation_mib:.1f} MiB, not 23.5.",
            figures,
        ),
    ]


def _scaling(pixels: Any) -> list[Claim]:
    contract = find_backbone("resnet50").contract
    right = contract.apply(pixels).astype(np.float64)
    twice = pixels[..., ::-1] / 255 - np.array(contract.mean)
    figures = {
        "right": [float(right.min()), float(right.max())],
        "twice": [float(twice.min()), float(twice.max())],
        "deviation_right": float(right.std(axis=(0, 1, 2)).mean()),
        "deviation_twice": float(twice.std(axis=(0, 1, 2)).mean()),
    }
    return [
        Claim(
            "3 Q1",
            "ResNet50's `preprocess_input` function handles the specific normalization required (ImageNet mean "
            "subtraction). We normalize to [0,1] first for consistency, then apply ResNet preprocessing.",
            "wrong",
            "preprocess_input subtracts means of about 104 to 124 and expects 0 to 255. Fed 0 to 255, the network sees "
            "{right[0]:.1f} to {right[1]:.1f}, a deviation of {deviation_right:.1f} a channel; fed 0 to 1, it sees "
            "{twice[0]:.1f} to {twice[1]:.1f}, a deviation of {deviation_twice:.3f}, a "
            "two-hundred-and-fifty-fifth: to the network every image is nearly the same one.",
            figures,
        ),
        Claim(
            "3 Q3",
            "it's done separately to maintain the conceptual separation between training data",
            "right for another reason",
            "Dividing by 255 estimates nothing from the images, so together or apart gives the same bytes. It matters "
            "where means are estimated, which is not done here.",
        ),
    ]
