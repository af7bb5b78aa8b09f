"""The words that a model for sound is told, made by a template from the performance and, where they are known, the plan and the scene.

A template of the schema "prompt/1" is filled in and told as it is. One of "caption/1" is asked of a language model, whose answer is checked:
one plain paragraph of bounded length. Key, tempo, metre and players are always those of the performance, which is what will be heard; kind of music,
feeling and idea are the plan's; what is seen is the scene's. What nobody knows is empty, and so is not said.

Conventions: a told text is one line of at most `LONGEST_TEXT` characters, without control characters and marks of tokenizers.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from img2music.errors import UsageError
from img2music.renderers.neural.sound_variables import sound_variables
from img2music.template_variables import plain_untrusted
from img2music.templates import PromptTemplate, load_prompt

if TYPE_CHECKING:
    from img2music.models import Client
    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene

__all__ = ["LONGEST_TEXT", "SoundText", "SoundWriter", "describe"]

LONGEST_TEXT = 600
"""Characters: about 150 tokens of T5, and a little more than the longest captions that such models were trained on."""
_FEWEST_WORDS, _MOST_WORDS = 3, 100
_PLAIN, _CAPTION_PROMPT = "sound/plain", "sound/caption"


@dataclass(frozen=True, slots=True)
class SoundText:
    """What a model for sound is told."""

    text: str
    """On one line, never empty."""
    negative: str
    """What it is to keep away from, for models that take that; perhaps empty."""
    template_name: str
    digest: str
    """Of the template's file: sixteen hexadecimal digits."""


class SoundWriter:
    """Writes the words for one renderer, whose options are checked when it is made.

    Args:
        prompt: a template of the purpose "sound", by name or as a file.
        model: the line of the language model that writes captions; only asked with a template of the schema "caption/1".
        time_limit_seconds: for all its answers together.

    Raises:
        UsageError: no such template, one for another purpose, a caption and nobody to write it, a model and no caption to write, or a time
            limit that is none.
        DocumentError: a template that can't be read. MissingPackageError: the model needs a package.
    """

    def __init__(self, prompt: str = _PLAIN, model: str | None = None, time_limit_seconds: float = 300.0) -> None:
        self.template = load_prompt(prompt, "sound")
        self._client: Client | None = None
        self._limit = time_limit_seconds
        if self.template.is_question:
            if model is None:
                raise UsageError(f"prompt {prompt!r} is written by a language model: name one (option model), or take {_PLAIN}")
            from img2music.models import Client as ModelClient
            from img2music.models.model_spec import check_time_limit

            self._limit = check_time_limit(time_limit_seconds)
            self._client = ModelClient(model)
        elif model is not None:
            raise UsageError(
                f"prompt {prompt!r} is filled in without asking anybody, so the option model does nothing; "
                f"leave model out, or take a prompt that asks: {_CAPTION_PROMPT}"
            )

    def __call__(
        self, performance: Performance, plan: CompositionPlan | None = None, scene: Scene | None = None, *, seed: int = 0
    ) -> SoundText:
        """The words for a performance; errors as of `describe`."""
        return describe(performance, plan, scene, self.template, client=self._client, until=monotonic() + self._limit, seed=seed)


def describe(
    performance: Performance,
    plan: CompositionPlan | None,
    scene: Scene | None,
    template: str | PromptTemplate = _PLAIN,
    *,
    client: Client | None = None,
    until: float | None = None,
    seed: int = 0,
) -> SoundText:
    """The words that a model for sound is told of a performance.

    Args:
        performance: what is to be heard.
        plan: what it was made from; None of a MIDI file.
        scene: what the plan was made from, where that is known.
        template: of the purpose "sound", or its name.
        client: the language model that writes captions; only needed with the schema "caption/1".
        until: its time limit, of `time.monotonic`; None is five minutes from now.
        seed: another seed is another question to it.

    Raises:
        UsageError: no such template, one that has nothing to say of this performance, or a caption and nobody to write it.
        BackendError: the language model gave no usable caption; that is on record.
    """
    found = template if isinstance(template, PromptTemplate) else load_prompt(template, "sound")
    values = sound_variables(performance, plan, scene)
    if found.is_question:
        if client is None:
            raise UsageError(f"prompt {found.name!r} is written by a language model: name one (option model), or take {_PLAIN}")
        text = _caption(client, found, values, monotonic() + 300.0 if until is None else until, seed)
    else:
        text = _plain_line(found.render(values)[0].text)
    if not text:
        raise UsageError(f"prompt {found.name!r} has nothing to say of this piece; take {_PLAIN}")
    return SoundText(text, _plain_line(found.avoid), found.name, found.digest)


def _plain_line(text: str) -> str:
    """A text on one line, cut behind a word, without a comma that leads nowhere."""
    return plain_untrusted("", text, LONGEST_TEXT).rstrip(" ,;")


def _caption(client: Client, template: PromptTemplate, values: dict[str, str], until: float, seed: int) -> str:
    from img2music.models.repair_loop import converse
    from img2music.provenance import record_model_use

    reply = converse(
        client, template, values, stage="renderer", schema=None, check=_read_caption, faults_of=_faults, until=until, seed=seed
    )
    if reply.value is None:
        raise reply.unusable("caption", f"try another model, or the prompt {_PLAIN}")
    record_model_use(reply.use.with_outcome(accepted=True, mended=reply.faults, answer=reply.value))
    return _plain_line(reply.value)


def _read_caption(answer: str) -> str:
    """The caption in an answer, all of it, on one line.

    Raises:
        AnswerError: there is none.
    """
    from img2music.models.parsing.json_answer import AnswerError
    from img2music.models.parsing.thinking_text import without_thinking

    said = without_thinking(answer[:_LONGEST_ANSWER])[0]
    caption = plain_untrusted("", said, _LONGEST_ANSWER).strip(" ,;'“”„«»")
    if len(caption.split()) < _FEWEST_WORDS:
        raise AnswerError("the answer holds no caption; answer with one paragraph of 20 to 60 words")
    return caption


_LONGEST_ANSWER = 100_000


def _faults(caption: str) -> tuple[str, ...]:
    """What a model should mend in a caption; it is cut where it does not."""
    words = len(caption.split())
    if words > _MOST_WORDS or len(caption) > LONGEST_TEXT:
        return (f"the caption has {words} words; answer with one paragraph of 20 to 60 words and nothing else",)
    return ()
