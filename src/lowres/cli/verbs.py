"""What the commands do: call the pipeline, show its answer."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lowres.errors import PreflightFailed, RecipeError

if TYPE_CHECKING:
    from lowres.pipeline.choice import StudyChoice
    from lowres.pipeline.study import StudyAnswer

CHECK_FAILED = 1


def bring_study(
    verb: str, stage: str, choice: StudyChoice, from_files: list[Path], as_json: bool, prints: bool = False
) -> None:
    """Bring a study to a stage and show what came of it; `check` and `preflight` leave with 1 where a check failed.

    prints: whether the report is printed to report.pdf as well.
    """
    from lowres.cli.progress import progress_on
    from lowres.pipeline.study import run_study

    with progress_on(to_stderr=as_json) as progress:
        try:
            answer = run_study(choice, stage, progress, from_files)
        except PreflightFailed:
            # Whoever asks for the findings is told all of them, and not only that some forbid the training.
            if verb != "preflight":
                raise
    if verb == "preflight":
        _show_preflight(choice.folder, as_json)
        return
    pdf = _print(answer) if prints else None
    typer.echo(json.dumps(_answer_json(answer, pdf), indent=2) if as_json else _answer_text(answer, verb, pdf))
    if verb == "check" and any(finding["status"] == "FAIL" for finding in answer.findings):
        raise typer.Exit(CHECK_FAILED)


def _print(answer: StudyAnswer) -> Path:
    from lowres.pipeline.stages.report import print_report

    return print_report(answer.folder)


def _show_preflight(folder: Path, as_json: bool) -> None:
    from lowres.pipeline.stages.preflight import read_preflight

    report = read_preflight(folder)
    if as_json:
        typer.echo(json.dumps({"study": folder.as_posix()} | report.to_json(), indent=2))
    else:
        lines = [findings_text([asdict(finding) for finding in report.findings])]
        lines += ["accepted  training goes on in spite of it"] if report.accepted else []
        typer.echo("\n".join([*lines, f"study     {folder}", f"time      {report.seconds:.1f} s"]))
    if report.failed:
        raise typer.Exit(CHECK_FAILED)


def examine(as_json: bool) -> None:
    """Show the findings on this machine; leave with 1 where one is FAIL."""
    from lowres.pipeline.doctor import examine_machine

    if not as_json:
        typer.echo("looking at this machine (the frameworks load in a process of their own) ...", err=True)
    findings = [asdict(finding) for finding in examine_machine()]
    typer.echo(json.dumps({"findings": findings}, indent=2) if as_json else findings_text(findings))
    if any(finding["status"] == "FAIL" for finding in findings):
        raise typer.Exit(CHECK_FAILED)


def show_recipes(name: str | None, as_json: bool) -> None:
    """List every packaged recipe with what it is about, or show one with its values explained."""
    from lowres.files.recipes import packaged_recipes, read_recipe
    from lowres.values.recipes.recipe import field_keys

    recipes = {name: read_recipe(name)} if name else packaged_recipes()
    if as_json:
        typer.echo(json.dumps([recipe.model_dump(mode="json") for recipe in recipes.values()], indent=2))
    elif name:
        typer.echo(_explained(recipes[name].model_dump(mode="json"), field_keys()))
    else:
        typer.echo("\n\n".join(f"{key}\n  {recipe.about.strip()}" for key, recipe in recipes.items()))


def show_backbones(as_json: bool) -> None:
    """List every backbone: side of its input in pixels, channels it gives, licence, input contract, weights or none."""
    from lowres.files.weights.published import KNOWN
    from lowres.networks.backend import load_backend

    load_backend()
    from lowres.networks.backbones.trunk import BACKBONES

    rows = [
        {
            "name": one.name,
            "default_pixels": one.default_pixels,
            "channels": one.channels,
            "licence": one.licence,
            "input": one.contract.words,
            "has_weights": one.name in KNOWN or one.load is None,
            "is_drawn": one.is_drawn,
        }
        for one in BACKBONES.values()
    ]
    typer.echo(json.dumps(rows, indent=2) if as_json else "\n".join(_backbone_line(row) for row in rows))


def _backbone_line(row: dict[str, Any]) -> str:
    lack = "" if row["has_weights"] else "; weights by --from and network.weights_sha256"
    lack = "; no weights: trained from scratch" if row["is_drawn"] else lack
    size = f"{row['default_pixels']:>4} px {row['channels']:>5} channels"
    return f"{row['name']:<21} {size}  {row['licence']}; {row['input']}{lack}"


def findings_text(findings: list[dict[str, str]]) -> str:
    """Return one line a finding, gravest last so that it stands where the eye is, and what to do below it."""
    rows = []
    for finding in sorted(findings, key=lambda row: ("PASS", "WARN", "FAIL").index(row["status"])):
        rows.append(f"{finding['status']}  {finding['name']}: {finding['measured']}")
        rows += [f"      {finding['repair']}"] if finding["repair"] else []
    return "\n".join(rows)


def key_values(pairs: list[str]) -> dict[str, str]:
    """Return settings by key from KEY=VALUE words; refused with RecipeError: a word without an equals sign."""
    settings: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise RecipeError(f"expected KEY=VALUE after --set, got {pair!r}; try --set network.input_pixels=160")
        settings[key.strip()] = value.strip()
    return settings


def _answer_text(answer: StudyAnswer, verb: str, pdf: Path | None) -> str:
    from lowres.faces.report.learned_words import doubts_of_file

    lines = [findings_text(list(answer.findings))] if verb == "check" else []
    evaluation = answer.evaluation
    if evaluation:
        low, high = evaluation["accuracy_interval"]
        lines.append(f"accuracy  {evaluation['accuracy']:.2%} on {evaluation['n']:,} test images, "
                     f"95 % interval {low:.2%} to {high:.2%}")  # fmt: skip
        lines += [f"warning   {one}" for one in doubts_of_file(evaluation)]
    if evaluation and evaluation["target"]:
        gap = evaluation["gap_to_target"]
        lines.append(
            f"target    {evaluation['target']:.2%}: {'missed' if gap > 0 else 'met'} by {100 * abs(gap):.2f} points"
        )
    if answer.report:
        lines.append(f"report    {answer.report}")
    if pdf:
        lines.append(f"printed   {pdf}")
    return "\n".join([*lines, f"study     {answer.folder}", f"time      {answer.seconds:.1f} s"])


def _answer_json(answer: StudyAnswer, pdf: Path | None) -> dict[str, Any]:
    from lowres.faces.report.learned_words import doubts_of_file

    evaluation = answer.evaluation or {}
    kept = ("n", "accuracy", "accuracy_interval", "target", "gap_to_target")
    return {
        "study": answer.folder.as_posix(),
        "source": answer.source,
        "recipe": answer.recipe,
        "stages": [asdict(stage) for stage in answer.stages],
        "findings": list(answer.findings),
        **{key: evaluation.get(key) for key in kept},
        "warnings": doubts_of_file(evaluation) if evaluation else [],
        "report": answer.report.as_posix() if answer.report else None,
        **({"pdf": pdf.as_posix()} if pdf else {}),
        "seconds": round(answer.seconds, 3),
    }


def _explained(values: dict[str, Any], about: dict[str, str]) -> str:
    """A recipe as TOML, every value there, each under its description."""
    import textwrap

    lines: list[str] = []
    table = ""
    for key, description in about.items():
        *tables, name = key.split(".")
        if tables and tables[0] != table:
            table = tables[0]
            lines += ["", f"[{table}]"]
        value = values[table][name] if tables else values[name]
        lines += [f"# {line}" for line in textwrap.wrap(description, 100)]
        lines.append(f"# {name} is left out" if value is None else f"{name} = {json.dumps(value)}")
    return "\n".join(lines)
