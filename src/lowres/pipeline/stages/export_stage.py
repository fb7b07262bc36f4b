"""The stage of one export format: written beside its place, run by its own runtime, judged, and only then put there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowres.errors import ParityFailed
from lowres.files.study.export_folder import CONTRACT_FILE, SCRIPT_FILE, remove_export
from lowres.pipeline.stage import Made, Stage
from lowres.pipeline.stages.evaluate import EVALUATION_FILE
from lowres.pipeline.stages.predict import SEEN_VALIDATION, predictions_file
from lowres.pipeline.study_run import MODEL_FILE
from lowres.values.exporting.export_format import FORMATS, ExportFormat
from lowres.values.exporting.parity import Pace, Parity, judge_parity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.files.study.ledger import Ledger
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.exporting.contract import Origin
    from lowres.values.predictions import Predictions

EXPORTS_FOLDER = "exports"
LEAST_IMAGES = 1000
# Ranges settle after some hundred images; more only take longer.
REPRESENTATIVE_IMAGES = 300


@dataclass(frozen=True)
class ExportOptions:
    """agreement: the lowest share accepted, None: each format's own. images: of the validation part, for the gate."""

    agreement: float | None = None
    images: int = LEAST_IMAGES


def export_stage(form: ExportFormat, options: ExportOptions) -> Stage:
    """Return the stage that makes `exports/<format>/`."""
    return Stage(
        stage_name(form),
        partial(_make, form=form, options=options),
        recipe_keys=("images", "seed"),
        reads=("images", "split", "train", "predict", "evaluate"),
        other_inputs=lambda _run: _other_inputs(form, options),
        uses_networks=True,
    )


def stage_name(form: ExportFormat) -> str:
    """Return what the ledger calls the stage of a format."""
    return f"export {form.name}"


def contract_file(form: ExportFormat) -> str:
    """Return where the contract of a format lies in a study."""
    return f"{EXPORTS_FOLDER}/{form.name}/{CONTRACT_FILE}"


def standing_contracts(ledger: Ledger) -> dict[str, str]:
    """Return the SHA-256 of the contract of every export that stands, by its path in the study."""
    found = {}
    for form in FORMATS.values():
        record, path = ledger.stages.get(stage_name(form)), contract_file(form)
        if record and record.current and path in record.outputs:
            found[path] = record.outputs[path]
    return found


def read_parities(folder: Path, ledger: Ledger) -> tuple[Parity, ...]:
    """Return the parity of every export of a study that stands, in the order of the formats."""
    contracts = (json.loads((folder / path).read_bytes()) for path in standing_contracts(ledger))
    return tuple(Parity.from_json(one["parity"]) for one in contracts)


def _other_inputs(form: ExportFormat, options: ExportOptions) -> dict[str, str]:
    return {
        "the packages of the format": json.dumps(_versions(form)),
        "the agreement asked for": str(_threshold(form, options)),
        "the images of the gate": str(options.images),
    }


def _threshold(form: ExportFormat, options: ExportOptions) -> float:
    return form.agreement if options.agreement is None else options.agreement


def _versions(form: ExportFormat) -> dict[str, str]:
    from lowres.files.machine import installed_versions

    return installed_versions(tuple(dict.fromkeys((*form.packages, *form.converters))))


def _make(run: StudyRun, form: ExportFormat, options: ExportOptions) -> Made:
    from lowres.files.atomic import scratch_folder
    from lowres.files.study.export_folder import files_in, replace_folder

    target = run.study.folder / EXPORTS_FOLDER / form.name
    try:
        with scratch_folder(target.parent, form.name) as scratch:
            parity = _exported(run, form, options, scratch)
            replace_folder(scratch / form.name, target)
    except ParityFailed:
        # An older export passed for another network, or for less than is asked now.
        remove_export(target)
        raise
    outputs = tuple(f"{EXPORTS_FOLDER}/{form.name}/{name}" for name in files_in(target))
    return Made(outputs, facts={"parity": parity.to_json()}, note=_note(parity))


def _note(parity: Parity) -> str:
    from lowres.faces.export_words import milliseconds, size
    from lowres.faces.numbers_in_words import with_plain_spaces

    return with_plain_spaces(
        f"agrees on {parity.agreement:.1%} of {parity.n:,} validation images, accuracy {parity.accuracy:.1%} (study "
        f"{parity.study_accuracy:.1%}), {milliseconds(parity.pace.latency_milliseconds)} an image, "
        f"{size(parity.size_bytes)}"
    )


def _exported(run: StudyRun, form: ExportFormat, options: ExportOptions, scratch: Path) -> Parity:
    """Write the whole export to `scratch/<format>`; refused with ParityFailed."""
    import numpy as np

    from lowres.faces.export_scripts import export_script
    from lowres.files.study.export_folder import bytes_in, hashes_in, write_contract, write_sample
    from lowres.networks.exporting.writers import write_export
    from lowres.values.exporting.contract import contract

    folder, origin = scratch / form.name, _origin(run)
    folder.mkdir()
    write_export(form, _shipped(run, origin), folder)
    size_bytes, versions = bytes_in(folder), _versions(form) | _versions_of_lowres()
    script = export_script(form, origin.size, origin.fit, len(origin.class_names))
    (folder / SCRIPT_FILE).write_text(script, encoding="utf-8")
    # The script reads the class names out of it, so there has to be one before there is a parity.
    write_contract(folder, contract(form, origin, {}, versions, None))
    study, pixels = _asked(run, options)
    answers, measured = _answers(run, form, folder, pixels)
    parity = judge_parity(
        form.name,
        study,
        origin.temperature,
        answers,
        threshold=_threshold(form, options),
        size_bytes=size_bytes,
        runtime=_runtime(form),
        pace=measured,
    )
    write_sample(folder, np.asarray(pixels[0]), answers[0], origin.class_names)
    hashes = {name: digest for name, digest in hashes_in(folder).items() if name != CONTRACT_FILE}
    write_contract(folder, contract(form, origin, hashes, versions, parity))
    return parity


def _origin(run: StudyRun) -> Origin:
    from lowres.values.exporting.contract import Origin, Weights

    stages = run.study.ledger.stages
    images, features = stages["images"].facts, stages["features"].facts
    evaluation = json.loads((run.study.folder / EVALUATION_FILE).read_bytes())
    return Origin(
        study=run.source.name,
        recipe=run.recipe.name,
        fingerprint=images["fingerprint"],
        model_sha256=stages["train"].outputs[MODEL_FILE],
        temperature=float(evaluation["temperature"]),
        size=(int(images["width"]), int(images["height"])),
        fit=run.recipe.images.fit,
        class_names=run.images.class_names,
        weights=Weights(
            backbone=features["backbone"],
            licence=features["weights_licence"] or "none of others: trained from weights drawn at random",
            sha256=features["weights_sha256"],
            origin=features["weights_origin"],
        ),
    )


def _shipped(run: StudyRun, origin: Origin) -> Any:
    import numpy as np

    from lowres.networks.exporting.shipped_network import Shipped, shipped_network
    from lowres.values.stratified_sample import stratified_sample

    rows = stratified_sample(run.images.labels, run.split.train, REPRESENTATIVE_IMAGES, run.recipe.seed)
    model = shipped_network(run.classifier, origin.temperature)
    return Shipped(model, origin.class_names, origin.fit, np.asarray(run.images.pixels[rows]))


def _asked(run: StudyRun, options: ExportOptions) -> tuple[Predictions, NDArray[np.uint8]]:
    """The study's own predictions of some validation images, every class as often, and their pixels."""
    import numpy as np

    from lowres.files.study.predictions_file import read_predictions
    from lowres.values.predictions import Predictions
    from lowres.values.stratified_sample import stratified_sample

    name, part = SEEN_VALIDATION if run.recipe.retrains_on_all else "validation", run.split.validation
    found = read_predictions(run.study.folder / predictions_file(name))
    rows = np.sort(stratified_sample(found.labels, np.arange(len(part)), options.images, run.recipe.seed))
    chosen = Predictions(
        tuple(found.ids[row] for row in rows), found.labels[rows], found.logits[rows], found.class_names
    )
    return chosen, np.asarray(run.images.pixels[part[rows]])


def _answers(
    run: StudyRun, form: ExportFormat, folder: Path, pixels: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], Pace]:
    import numpy as np

    from lowres.files.machine import load_average, read_machine
    from lowres.pipeline.export_process import run_apart

    asked, answered, load = folder.parent / "asked.npy", folder.parent / "answered.npy", load_average()
    np.save(asked, pixels, allow_pickle=False)

    def tell(done: int) -> None:
        run.progress.advance(f"{form.name}: validation images", done, len(pixels))

    measured = run_apart(folder, asked, answered, form.batch_images, tell)
    pace = Pace(
        latency_milliseconds=measured["latency_milliseconds"],
        latency_runs=measured["latency_runs"],
        images_per_second=measured["images_per_second"],
        throughput_images=measured["throughput_images"],
        batch_images=form.batch_images,
        cores=read_machine().cores,
        load=load,
    )
    return np.load(answered, allow_pickle=False), pace


def _runtime(form: ExportFormat) -> str:
    from lowres.files.machine import installed_versions

    found = installed_versions(form.packages)
    return " ".join(next(iter(found.items()), (form.runtime, "")))


def _versions_of_lowres() -> dict[str, str]:
    from lowres.files.machine import installed_versions

    return installed_versions(("lowres", "keras", "numpy"))
