"""The rules planner: from a scene and a brief to a composition, every choice with its reason.

What each cue suggests is in the scene's attributes already; this module settles who decides: the brief, then plain words, then the
picture, then the style's habit. Every conflict is written down. Conventions as in `plan`. Knows nothing of notes.
The same scene and brief always give the same plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.crossmodal.affect import spread_affect
from img2music.crossmodal.attribution import cite_terms, share_among_cues, sum_terms
from img2music.crossmodal.scene_edits import refresh_edited_scene
from img2music.io.lexicon_files import is_near_style
from img2music.io.style_files import load_style, style_names
from img2music.plan import CompositionPlan
from img2music.planners.rules.affect_mapping import DENSITY_SHIFT, map_affect
from img2music.planners.rules.ensemble_choice import choose_parts
from img2music.planners.rules.key_and_tempo import choose_keys, choose_meter, choose_tempo
from img2music.planners.rules.motif import draw_contour, draw_motif
from img2music.planners.rules.plan_sections import plan_sections
from img2music.planners.rules.plan_wording import DecisionLog, describe_line, make_idea, make_title
from img2music.planners.rules.word_steering import other_style, steer_feeling
from img2music.style import is_style_file
from img2music.theory.meter_map import bars_seconds
from img2music.words import read_words, settle_words
from img2music.words.exact_wishes import overruled_words
from img2music.words.explain_words import describe_read_words, describe_unread_words

if TYPE_CHECKING:
    from img2music.brief import Brief
    from img2music.planners.rules.affect_mapping import AffectTargets
    from img2music.scene import Scene
    from img2music.style import Style
    from img2music.words import WordsReading

__all__ = ["RulesPlanner"]


class RulesPlanner:
    """Plans by rules from evidence; see the module's docstring."""

    def __call__(self, scene: Scene, brief: Brief, /) -> CompositionPlan:
        """The composition for `scene` and `brief`.

        Raises:
            UsageError: the brief names a style that does not exist.
            DocumentError: the brief names a style file that can't be read.
        """
        notes = DecisionLog()
        scene, edits = refresh_edited_scene(scene)
        for edit in edits:
            notes.because("scene", edit)
        brief = settle_words(brief)
        words = read_words(brief.words, brief.glosses)
        valence, arousal = self._affect(scene, words, notes)
        notes.conflicts += overruled_words(brief, words)
        style = self._style(scene, brief, words, notes)
        meter = choose_meter(scene, brief, style, notes)
        keys = choose_keys(scene, brief, words, valence, style, notes)
        tempo = choose_tempo(scene, brief, words, style, meter, notes)
        feeling = map_affect(valence, arousal, style)
        contour, contour_cues = draw_contour(scene)
        density, height = self._shifts(scene, style, feeling, words, notes)
        motif = draw_motif(contour, meter, density, tempo.middle_bpm)
        notes.because(
            "motif",
            f"Its steps and the melody's long line {describe_line(scene, contour_cues)}; its strokes fall where that line moves most.",
            tuple(contour_cues),
            contour_cues,
        )
        sections = plan_sections(scene, brief, tempo, meter, keys, style, (valence, arousal), notes)
        parts = choose_parts(scene, brief, words, style, notes)
        return CompositionPlan(
            title=make_title(scene, brief.seed, valence, arousal),
            idea=make_idea(words.moods or scene.attributes.mood.value, style, tuple(contour_cues)),
            style=brief.style if brief.style is not None and is_style_file(brief.style) else style.name,
            key=keys[0].key.name,
            meter=meter.name,
            tempo_bpm=tempo.begin_bpm,
            seconds=bars_seconds(sum(section.bars for section in sections), meter, tempo.begin_bpm)
            if brief.loop
            else brief.seconds,
            valence=round(valence, 3),
            arousal=round(arousal, 3),
            density=round(density, 3),
            articulation=feeling.articulation,
            height=height,
            motif=motif,
            contour=contour,
            sections=sections,
            parts=parts,
            reasons=tuple(notes.reasons),
            conflicts=tuple(notes.conflicts),
            seed=brief.seed,
            seeds=brief.seeds,
            loop=brief.loop,
        )

    def _affect(self, scene: Scene, words: WordsReading, notes: DecisionLog) -> tuple[float, float]:
        seen = scene.attributes
        if words.read:
            notes.because("words", f"Your words were read so: {describe_read_words(words)}.")
        notes.conflicts += (*describe_unread_words(words), *words.conflicts)
        valence, arousal = steer_feeling(*spread_affect(seen.valence.value, seen.arousal.value), words)
        mood = ", ".join(seen.mood.value) or "neutral"
        moved = "" if words.valence is None and words.arousal is None else ", before your words move it"
        numbers = f"valence {seen.valence.value:+.2f}, arousal {seen.arousal.value:+.2f}"
        notes.because("mood", f"The picture feels {mood} ({numbers}){moved}.", seen.mood.because, seen.mood.strengths)
        return valence, arousal

    def _style(self, scene: Scene, brief: Brief, words: WordsReading, notes: DecisionLog) -> Style:
        seen, genre = scene.attributes, scene.attributes.genre
        suggestion = genre.value if genre.value in style_names() else "solo-piano"
        if brief.style is not None:
            style = load_style(brief.style)
            notes.asked("style", style.name, suggestion)
            if is_near_style(brief.style):
                notes.conflicts.append(f"there is no style {brief.style}; {style.name} is the nearest")
            return style
        if words.style is not None:
            near = "it is the nearest style there is to" if words.style_near else "your words call for it:"
            notes.because("style", f"{words.style}: {near} “{words.style_words}”.")
            return load_style(words.style)
        if suggestion in words.not_styles:
            instead = other_style(words.not_styles, *steer_feeling(seen.valence.value, seen.arousal.value, words))
            if instead is None:
                notes.conflicts.append(f"your words leave no style; {suggestion}, which the picture suggests, was kept")
                return load_style(suggestion)
            notes.because("style", f"{instead}: you do not want {suggestion}, which the picture suggests.")
            return load_style(instead)
        if suggestion != genre.value:
            notes.conflicts.append(f"the scene suggests the style {genre.value!r}, which does not exist; solo-piano was used")
        style = load_style(suggestion)
        notes.because("style", f"{style.name}: {style.summary}", genre.because, genre.strengths)
        return style

    def _shifts(
        self, scene: Scene, style: Style, feeling: AffectTargets, words: WordsReading, notes: DecisionLog
    ) -> tuple[float, int]:
        """Density and height: what the feeling asks, moved by what the subject asks."""
        seen = scene.attributes
        low, high = style.density
        moved = DENSITY_SHIFT * (high - low) * seen.density.value
        density = min(high, max(low, feeling.density + moved))
        height = round(min(12.0, max(-12.0, feeling.height + seen.height.value)))
        for choice, text, feels, by_feeling, shift, by_shift in (
            ("density", f"{density:.2f} between {low:g} and {high:g}, as {style.name} plays", seen.arousal,
             feeling.density - (low + high) / 2, seen.density, moved),
            ("register", f"{height:+d} semitones", seen.valence, feeling.height, seen.height, seen.height.value),
        ):  # fmt: skip
            energy = choice == "density"
            steered = (words.arousal if energy else words.valence) is not None
            terms = sum_terms(
                {} if steered else share_among_cues(abs(by_feeling), (feels,)), share_among_cues(abs(by_shift), (shift,))
            )
            cited = cite_terms(terms, frozenset(terms))
            what = (
                f"{'your words' if steered else 'the picture'}{chr(39)}{'' if steered else 's'} {'energy' if energy else 'mood'}"
            )
            more = ", moved by what the picture shows" if by_shift else ""
            notes.because(choice, f"{text}: from {what}{more}.", cited["because"], cited["strengths"])
        return density, height
