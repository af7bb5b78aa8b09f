"""What is said about a finished piece: its frame, what was kept, which take and why, where wishes disagreed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.cli.shared.console import print_json, print_notice, print_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from img2music.manifest import Manifest
    from img2music.output_folder import SavedFiles
    from img2music.piece import Piece
    from img2music.plan import CompositionPlan

__all__ = ["print_piece_summary"]

_MOST_TAKES = 10


def _tempo(plan: CompositionPlan) -> str:
    """The tempo as it is counted: in compound metres the dotted quarter is what one taps; then what it becomes."""
    from img2music.report.course import tempo_course

    course, bpm = tempo_course(plan, " bpm", "{:.4g}".format), plan.tempo_map.bpm
    counted = f" (♩. = {bpm * 2 / 3:.3g})" if plan.meter_map.meter.is_compound else ""
    return f"{course.begins}{counted}{f' ({course.then})' if course.then else ''}"


def _course_record(plan: CompositionPlan) -> dict[str, list[dict[str, object]]]:
    """Where keys, metres and tempi change, as in JSON; nothing of a piece that stays as it is."""
    if not any(section.moves for section in plan.sections):
        return {}
    sections: list[dict[str, object]] = [
        {
            "name": section.name,
            "first_bar": first + 1,
            "key": plan.key_of(section).name,
            "meter": plan.meter_of(section).name,
            "tempo_bpm": plan.tempo_map.bpm_at(plan.meter_map.bar_onset(first)),
        }
        for first, section in zip(plan.first_bars, plan.sections, strict=True)
    ]
    return {"sections": sections}


def _notes(manifest: Manifest) -> Iterator[str]:
    """Where wishes disagreed, and what of them was not done."""
    from img2music.registry.extras import EXTRAS

    more = manifest.more_files
    if more is not None and more.parts and not more.part_pdfs:
        yield f"the parts are MusicXML only; {EXTRAS['pdf'].pip_line} brings them as PDF too"
    yield from manifest.conflicts


def print_piece_summary(piece: Piece, source: dict[str, str], saved: SavedFiles, *, as_json: bool) -> None:
    """Tells of `piece`, made from `source` (what it is and its name), and where its files are."""
    from img2music.report.course import key_course, meter_course
    from img2music.report.page.model_log import model_use_lines, sound_use_lines
    from img2music.report.page.takes_table import kept_lines, takes_table
    from img2music.report.text_format import format_clock
    from img2music.words import read_words
    from img2music.words.explain_words import describe_read_words, reading_as_rows

    plan, manifest = piece.plan, piece.manifest
    reading = read_words(piece.brief.words, piece.brief.glosses)
    if saved.note:
        print_notice(saved.note)
    if as_json:
        record = manifest.model_dump(
            mode="json", include={"kept", "fallbacks", "models", "sounds", "compliance"}, exclude={"kept": {"parts"}}
        )
        print_json(
            {
                **source,
                "folder": str(saved.folder),
                "replaced": saved.replaced,
                "title": plan.title,
                "style": plan.style,
                "key": plan.key,
                "meter": plan.meter,
                "tempo_bpm": plan.tempo_bpm,
                **_course_record(plan),
                "seconds": plan.seconds,
                "bars": plan.bars,
                "instruments": [part.instrument for part in plan.parts],
                "seed": manifest.seed,
                "kept": record["kept"],
                "takes": [{"seed": take.seed, "mark": take.mark, "kept": take.kept} for take in manifest.takes],
                "words": reading_as_rows(reading),
                "conflicts": list(manifest.conflicts),
                "fallbacks": record["fallbacks"],
                "models": record["models"],
                **({"sounds": record["sounds"]} if "sounds" in record else {}),
                "compliance": record["compliance"],
                "files": list(saved.names),
            }
        )
        return
    facts = (
        plan.style,
        str(key_course(plan)),
        str(meter_course(plan)),
        _tempo(plan),
        format_clock(plan.seconds),
        f"seed {manifest.seed}",
    )
    print_text(f"{next(iter(source.values()))}: {plan.title}")
    print_text(f"  {', '.join(facts)}")
    if reading.read:
        print_text(f"  your words: {describe_read_words(reading)}")
    if manifest.kept is not None:
        for line in kept_lines(manifest.kept, manifest.seed):
            print_text(f"  {line}")
    table = takes_table(manifest.takes)
    if table is not None:
        for line in table.lines(_MOST_TAKES):
            print_text(f"  {line}")
        print_text(f"  {table.why}")
    for line in (*model_use_lines(manifest.models), *sound_use_lines(manifest.sounds)):
        print_text(f"  {line}")
    for line in _notes(manifest):
        print_text(f"  note: {line}")
    for row in manifest.compliance:
        if row.passed is False:
            print_text(f"  not kept: {row.shortfall}")
    print_text(f"  in {saved.folder}{'' if piece.audio is None else ', to be heard in report.html'}")
