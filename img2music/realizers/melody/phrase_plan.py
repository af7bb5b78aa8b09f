"""Form inside a section: what each bar of each phrase does with the motif.

Two designs, by chance and by the section's role (Caplin, *Classical Form*, 1998, ch. 3-4): a *period*, whose answer begins as its question
did and ends otherwise, and a *sentence*, which states the idea, repeats it in sequence, breaks it up and comes to a cadence.

    motif           as it is                         repetition   the motif again at its level
    sequence        a step or a third away           inversion    upside down
    fragment        its head, twice                  answer, reply    another bar, and one more
    drive           shorter notes                    cadence, home    the phrase arrives; the last note of all
    augmentation    twice as slow, over two bars

Conventions: one idea a bar. Knows nothing of notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from img2music.section import Development

__all__ = ["BarIdea", "plan_phrases"]

BarIdea = Literal[
    "motif", "repetition", "sequence", "inversion", "fragment", "answer", "reply", "drive", "cadence", "home",
    "augmentation", "augmentation_end",
]  # fmt: skip
"""What a bar of a melody does with the motif."""
_IDEAS: dict[str, BarIdea] = {idea: idea for idea in get_args(BarIdea)}


def _phrases(*lines: str) -> tuple[tuple[BarIdea, ...], ...]:
    """Phrases of four bars, a line each."""
    return tuple(tuple(_IDEAS[word] for word in line.split()) for line in lines)


_QUESTIONS = _phrases(
    "motif answer sequence cadence",
    "motif answer reply cadence",
    "motif repetition answer cadence",
    "motif answer motif cadence",
    "motif sequence answer cadence",
)
_ANSWERS = _phrases(
    "motif answer fragment cadence",
    "motif answer sequence cadence",
    "motif answer drive cadence",
    "motif answer inversion cadence",
)
_STATEMENTS = _phrases(
    "motif answer sequence cadence",
    "motif sequence answer cadence",
    "motif sequence sequence cadence",
    "motif repetition sequence cadence",
)
_CONTINUATIONS = _phrases(
    "fragment fragment drive cadence",
    "fragment sequence drive cadence",
    "sequence fragment drive cadence",
    "fragment inversion drive cadence",
)
_ALONE = _phrases(
    "motif sequence fragment cadence",
    "motif repetition fragment cadence",
    "motif answer fragment cadence",
    "motif sequence drive cadence",
)
_MIDDLES = _phrases("sequence repetition drive", "answer fragment drive", "sequence fragment drive")
"""How phrases of more than four bars go on before their cadence."""


def plan_phrases(
    phrase_bars: Sequence[int], chance: np.random.Generator, *, is_last: bool, development: Sequence[Development] = ()
) -> tuple[tuple[BarIdea, ...], ...]:
    """The ideas of each phrase, one a bar; `is_last` says that the piece ends with the last of them.

    `development` is what the bars after the motif do with it, in this order and round again, up to each phrase's cadence.
    """
    phrases: list[tuple[BarIdea, ...]] = []
    for index, bars in enumerate(phrase_bars):
        if index % 2 == 0:
            is_period = float(chance.random()) < 0.55
            if index == len(phrase_bars) - 1:
                pattern = _pick(_ALONE if index == 0 else _STATEMENTS, chance)
            else:
                pattern = _pick(_QUESTIONS if is_period else _STATEMENTS, chance)
        elif is_period:
            # The answer begins exactly as the question did.
            pattern = _pick(_ANSWERS, chance)
            if len(phrases[-1]) >= 4:
                pattern = (*phrases[-1][:2], *pattern[2:])
        else:
            pattern = _pick(_CONTINUATIONS, chance)
        phrases.append(_fitted(pattern, bars))
    if development:
        phrases = _developed(phrases, development)
    if is_last:
        phrases[-1] = (*phrases[-1][:-1], "home")
    return tuple(phrases)


def _developed(phrases: Sequence[tuple[BarIdea, ...]], development: Sequence[Development]) -> list[tuple[BarIdea, ...]]:
    """The phrases with the bars between motif and cadence as asked; two bars of one augmentation are one slow motif."""
    developed: list[tuple[BarIdea, ...]] = []
    turn = 0
    for number, phrase in enumerate(phrases):
        ideas: list[BarIdea] = []
        bar = 0
        while bar < len(phrase):
            if bar == len(phrase) - 1 or (bar == 0 and number == 0):
                ideas.append(phrase[bar] if bar else "motif" if len(phrase) > 1 else phrase[bar])
                bar += 1
                continue
            wanted = development[turn % len(development)]
            turn += 1
            if wanted != "augmentation":
                ideas.append(wanted)
                bar += 1
            elif bar + 2 < len(phrase):
                ideas += ["augmentation", "augmentation_end"]
                bar += 2
            else:  # no room for two bars before the cadence
                ideas.append("repetition")
                bar += 1
        developed.append(tuple(ideas))
    return developed


def _pick(patterns: Sequence[tuple[BarIdea, ...]], chance: np.random.Generator) -> tuple[BarIdea, ...]:
    return patterns[int(chance.integers(len(patterns)))]


def _fitted(pattern: tuple[BarIdea, ...], bars: int) -> tuple[BarIdea, ...]:
    """A pattern of four bars made longer or shorter; the cadence stays last."""
    if bars <= 4:
        return (*pattern[: bars - 1], pattern[-1])
    longer: list[BarIdea] = []
    for number, group in enumerate((pattern[:3], *_MIDDLES)):
        longer += [*group, "answer" if number % 2 else "reply"]
    return (*longer[: bars - 1], pattern[-1])
