"""The report: one HTML5 file that needs nothing but a browser.

Self-contained: picture, engraving and piano roll are ``data:`` addresses, style and script stand in the page and are named
by their hash in its content security policy, which forbids everything else: no network, no foreign script, no font from
outside. Only the sound may lie beside the page. All text from outside passes through `img2music.report.page.html`, which escapes it.
The page holds no clock and no random number: the same piece gives the same bytes.
"""

from __future__ import annotations

from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

from img2music.report.course import key_course, meter_course, tempo_course, tempo_range_words
from img2music.report.page import audio_player, report_tables, seen_tables
from img2music.report.page.citations import CueIndex, figure, marks_css, spark
from img2music.report.page.html import Html, data_svg, el
from img2music.report.page.layout import page_head, page_section, theme_css
from img2music.report.page.model_log import model_uses_table, sound_use_block
from img2music.report.page.page_colours import themes
from img2music.report.page.player_mount import player_script, player_stage, player_style
from img2music.report.page.reproduce import fallback_list, reproduce_block
from img2music.report.plain_words import plain_conflict, plain_idea
from img2music.report.text_format import as_sentence, beat_words, format_clock, join_words, style_words
from img2music.resources import asset_path

if TYPE_CHECKING:
    from img2music.io.engraving.score_following import ScoreFollowing
    from img2music.piece import Piece
    from img2music.report.course import Course
    from img2music.report.page.html import Child

__all__ = ["report_html"]

_COURSE_CSS = ".glance .then{display:block;white-space:normal}"
"""Of a piece that moves: what it becomes is a sentence of its own, and may take several lines."""
_LARGEST_SCORE = 6_000_000
"""Characters of engraving that a page may hold; the rest of a long score is only in the files beside it."""


def report_html(
    piece: Piece,
    *,
    pages: tuple[str, ...],
    following: ScoreFollowing | None = None,
    pianoroll: str,
    audio_name: str | None,
    audio_data: tuple[str, bytes] | None = None,
) -> str:
    """The report page of a piece.

    Args:
        piece: everything made for one picture; its manifest's `files` are those to link to. Without a preview the page shows a sketch.
        pages: the engraved score, one SVG document a page.
        following: the same pages with the seconds of their notes and bars, for the player to follow; None follows no page.
        pianoroll: the piano roll as an SVG document; "" leaves it out.
        audio_name: name of the sound file beside the page; None where there is none.
        audio_data: MIME type and bytes of the sound, to hold it in the page itself.

    Returns:
        A whole HTML document.
    """
    evidence = CueIndex(piece.scene)
    style, script = _style(piece, evidence, pianoroll), player_script() + _text("page.js")
    shown = _shown_pages(pages)
    body = [
        el("a", "Skip to the music", href="#listen", class_="skip"),
        _header(piece),
        el(
            "main",
            el("div", figure(evidence, piece.preview_jpeg), _beside(piece, evidence, audio_name, audio_data), class_="hero"),
            _listen(piece, pianoroll, player_stage(piece, following, len(shown))),
            _hits(piece, evidence),
            _score(shown, len(pages)),
            _why(piece, evidence),
            _seen(piece, evidence),
            page_section("parts", "Who plays", report_tables.parts_table(piece)),
            _promises(piece),
            page_section("sound", "Sound", sound_use_block(piece.manifest.sounds)) if piece.manifest.sounds else None,
            page_section("again", "Make it again", reproduce_block(piece, audio_name)),
        ),
        _footer(piece, has_sound=audio_name is not None or audio_data is not None),
        el("div", id="peek", class_="peek", hidden=True, aria_hidden="true"),
        el("script", Html(script)),
    ]
    document = el("html", page_head(piece.plan.title, style, script), el("body", body), lang="en")
    return f"<!DOCTYPE html>\n{document}\n"


@cache
def _text(name: str) -> str:
    return asset_path(f"report/{name}").read_text(encoding="utf-8")


def _style(piece: Piece, evidence: CueIndex, pianoroll: str) -> str:
    light, dark = themes(piece.scene.colours if piece.scene is not None else ())
    colours = theme_css(light, dark)
    seconds = piece.performance.seconds
    form = audio_player.form_css(piece.plan, seconds, audio_player.plot_edges(pianoroll, seconds))
    course = _COURSE_CSS if any(section.moves for section in piece.plan.sections) else ""
    return colours + _text("page.css") + player_style() + course + marks_css(evidence) + form


def _header(piece: Piece) -> Html:
    source = f"from {piece.scene.picture.file}" if piece.scene is not None else "from a plan"
    return el(
        "header",
        el("p", el("b", "img2music"), " ", source, class_="kicker"),
        el("h1", piece.plan.title),
        el("p", as_sentence(plain_idea(piece.plan.idea)), class_="idea") if piece.plan.idea else None,
    )


def _beside(piece: Piece, evidence: CueIndex, audio_name: str | None, audio_data: tuple[str, bytes] | None) -> Html:
    return el("div", audio_player.player(piece, audio_name, audio_data), _glance(piece), _palette(evidence), class_="beside")


def _glance(piece: Piece) -> Html:
    plan = piece.plan
    facts: list[tuple[str, Child]] = [
        ("Key", _course(key_course(plan, report_tables.format_key))),
        ("Tempo", [f"{beat_words(plan)} ", el("small", tempo_range_words(plan)), _then(tempo_course(plan))]),
        ("Metre", _course(meter_course(plan))),
        ("Style", style_words(plan.style)),
        ("Length", [format_clock(plan.seconds), el("small", f" {plan.bars} bars")]),
        ("Seed", str(plan.seed)),
        ("Instruments", join_words(tuple(dict.fromkeys(part.instrument for part in plan.parts)))),
    ]
    rows = [el("div", el("dt", name), el("dd", value), class_="wide" if name == "Instruments" else None) for name, value in facts]
    return el("dl", rows, class_="glance", aria_label="At a glance")


def _course(course: Course) -> Child:
    return [course.begins, _then(course)] if course.then else course.begins


def _then(course: Course) -> Html | None:
    return el("small", f" {course.then}", class_="then") if course.then else None


def _palette(evidence: CueIndex) -> Html | None:
    """The colours side by side, each as wide as its share."""
    colours = evidence.scene.colours if evidence.scene is not None else ()
    total = sum(swatch.share for swatch in colours)
    if total <= 0:
        return None
    bands, x = [], 0.0
    for swatch in colours:
        width = 100 * swatch.share / total
        bands.append(
            el(
                "rect",
                el("title", f"{swatch.words}, {swatch.hex}"),
                x=f"{x:.2f}",
                width=f"{width:.2f}",
                height=10,
                fill=swatch.hex,
            )
        )
        x += width
    names = join_words(tuple(f"{swatch.words} ({swatch.share:.0%})" for swatch in colours))
    label = f"Palette: {names}"
    return el("svg", bands, class_="palette", viewBox="0 0 100 10", preserveAspectRatio="none", role="img", aria_label=label)


def _listen(piece: Piece, pianoroll: str, stage: Html) -> Html:
    dynamics = {section.name: section.dynamic for section in piece.score.sections}
    return page_section(
        "listen",
        "Listen along",
        stage,
        audio_player.timeline(piece, pianoroll, dynamics),
        el("p", "Each block is a section. Its width is its length, its height its energy.", class_="hint"),
        el("h3", "Harmony"),
        audio_player.harmony(piece.plan, dynamics),
    )


def _hits(piece: Piece, evidence: CueIndex) -> Html | None:
    if not piece.plan.hits:
        return None
    return page_section("hits", "Moments that it marks", report_tables.hits_table(piece.plan, evidence))


def _shown_pages(pages: tuple[str, ...]) -> tuple[str, ...]:
    """As many pages of the score as a page of ours may hold, one at least."""
    sizes = accumulate(map(len, pages))
    return tuple(page for place, (page, size) in enumerate(zip(pages, sizes, strict=True)) if not place or size <= _LARGEST_SCORE)


def _score(pages: tuple[str, ...], total: int) -> Html | None:
    if not pages:
        return None
    shown = []
    for place, svg in enumerate(pages):
        label = f"page {place + 1} of {total}"
        image = el("img", src=data_svg(svg), alt=f"The score, {label}", class_="sheet")
        shown.append(el("figure", image, el("figcaption", label)))
    rest = total - len(pages)
    note = (
        el("p", f"{rest} more {'page is' if rest == 1 else 'pages are'} in score.svg and can't be followed here.", class_="hint")
        if rest
        else None
    )
    strip = el("div", shown, class_="pages", tabindex=0, role="region", aria_label="Pages of the score; scroll sideways")
    return page_section("score", "The score", strip, note)


def _why(piece: Piece, evidence: CueIndex) -> Html:
    plan = piece.plan
    cards = [
        _card(
            report_tables.affect_plane(plan, piece.scene),
            "Mood",
            "Ring: the picture. Dot: the piece.",
        ),
        _card(audio_player.motif_drawing(plan.motif), "Motif", "The short idea that the tune grows from."),
        _card(spark(plan.contour), "Line", "How the melody rises and falls over a theme."),
    ]
    quarrels = [el("li", as_sentence(plain_conflict(conflict))) for conflict in piece.manifest.conflicts]
    conflicts = el("aside", el("h3", "Where wishes disagreed"), el("ul", quarrels), class_="callout") if quarrels else None
    reasons = (
        report_tables.reasons_table(plan, evidence) if plan.reasons else el("p", "This plan gives no reasons.", class_="quiet")
    )
    return page_section("why", "Why it sounds like this", el("div", cards, class_="cards"), reasons, conflicts)


def _card(drawing: Html, title: str, text: str) -> Html:
    return el("figure", drawing, el("figcaption", el("strong", title), " ", text), class_="card")


def _seen(piece: Piece, evidence: CueIndex) -> Html | None:
    if piece.scene is None:
        return None
    notes = piece.scene.picture.notes
    count = len(evidence.items)
    return page_section(
        "seen",
        "What was seen",
        el("p", f"How the picture was read: {'; '.join(notes)}.", class_="hint") if notes else None,
        seen_tables.suggestions_table(piece.scene, piece.plan, evidence),
        el(
            "details",
            el("summary", el("strong", f"All {count} things that were seen")),
            seen_tables.cues_table(evidence),
            class_="all",
        )
        if count
        else None,
    )


def _promises(piece: Piece) -> Html | None:
    kept, instead = report_tables.compliance_table(piece.manifest.compliance), fallback_list(piece.manifest.fallbacks)
    asked = model_uses_table(piece.manifest.models)
    if kept is None and instead is None and asked is None:
        return None
    callout = el("aside", el("h3", "What was done instead"), instead, class_="callout") if instead is not None else None
    models = el("div", el("h3", "Models that were asked"), asked) if asked is not None else None
    return page_section("promises", "What was promised", kept, callout, models)


def _footer(piece: Piece, *, has_sound: bool) -> Html:
    worked, sounds = piece.manifest.stages.get("renderer"), piece.manifest.sounds
    credit = " Sound: FluidR3Mono, a soundfont by Frank Wen (2000–2002), mono version by Michael Cowgill (2014–16), MIT licence."
    if sounds and worked != "soundfont":
        by_networks = f" Sound: {sounds[-1].weights}, licence {sounds[-1].licence}."
        credit = by_networks + (credit if worked == "layered" else "")
    text = "Made with img2music. Everything here comes from the files beside this page."
    return el("footer", el("p", text, credit if has_sound else None))
