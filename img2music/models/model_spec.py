"""One line that names a model, with its options.

``provider:NAME?option=value&option=value``, read strictly: an unknown option, a value out of range or a secret is refused. The
line that goes on record (`ModelSpec.label`) holds no secret, because none can be written in it: an address with a password and an
option that looks like a key are refused, and the key's *environment variable* is what is named.
Conventions: times in seconds, prices in US dollars a million tokens.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field, ValidationError

from img2music.errors import UsageError, unknown_name
from img2music.registry import find_provider
from img2music.strict_model import StrictModel

__all__ = [
    "CHANGES_NO_ANSWER",
    "COMMON_OPTIONS",
    "LOCAL_HOSTS",
    "LONGEST_SECONDS",
    "ModelOptions",
    "ModelSpec",
    "check_time_limit",
]

COMMON_OPTIONS = frozenset(
    {"temperature", "max_tokens", "timeout", "retries", "structured", "price_in", "price_out", "per_minute"}
)
"""Those of `ModelOptions` that every provider takes; what else one takes stands in its `img2music.registry.ProviderEntry`."""
CHANGES_NO_ANSWER = frozenset({"timeout", "retries", "price_in", "price_out", "per_minute", "threads", "key_env"})
"""Options that change no answer."""
LONGEST_SECONDS = 3600.0
"""No request and no stage may take longer."""
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104  compared with, never bound to
_OPENAI_ADDRESS = "https://api.openai.com/v1"
_SECRET = re.compile(r"key|token$|secret|password|authorization", re.IGNORECASE)
_EXAMPLE = "openai:gpt-4o-mini, gguf:smollm2 or hf:./my-model"


def _root_of(address: str) -> str:
    """An address without what every client adds by itself."""
    return address.rstrip("/").removesuffix("/chat/completions").rstrip("/")


class ModelOptions(StrictModel):
    """What may follow the name. An option that a provider has no use for is refused by `ModelSpec.parse`."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.7
    """None ("none") leaves it to the server: some models take no temperature."""
    max_tokens: Annotated[int, Field(ge=1, le=100_000)] = 4000
    """Longest answer."""
    timeout: Annotated[float, Field(gt=0, le=LONGEST_SECONDS)] | None = None
    """Seconds for one request; None leaves it what is left of the stage's own limit."""
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    """How often a request is sent again after the server was busy, failed or could not be reached."""
    structured: Literal["schema", "json", "none"] = "schema"
    """How the answer is held to its form: by its schema, to any JSON, or by words alone."""
    price_in: Annotated[float, Field(ge=0, le=100_000)] | None = None
    price_out: Annotated[float, Field(ge=0, le=100_000)] | None = None
    per_minute: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """Most requests a minute."""
    # openai
    base_url: Annotated[str, Field(max_length=500, pattern=r"^https?://\S+$"), AfterValidator(_root_of)] | None = None
    """Where the server answers, without "/chat/completions"."""
    key_env: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    """Name of the environment variable that holds the key."""
    # gguf
    context: Annotated[int, Field(ge=256, le=1_000_000)] = 8192
    threads: Annotated[int, Field(ge=1, le=512)] = 1
    mmproj: Annotated[str, Field(max_length=1000)] | None = None
    """GGUF file of the part that sees, where the model has one."""
    # hf, vllm
    device: Annotated[str, Field(max_length=40)] = "cpu"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    eager: bool = False
    """vLLM without compiled graphs: slower, sooner ready."""


def _known_provider(name: str) -> str:
    find_provider(name)
    return name


class ModelSpec(StrictModel):
    """A model and how it is asked."""

    provider: Annotated[str, AfterValidator(_known_provider)]
    name: Annotated[str, Field(min_length=1, max_length=1000)]
    options: ModelOptions = ModelOptions()

    @classmethod
    def parse(cls, line: str, **more: Any) -> ModelSpec:
        """The model that `line` names; options in `more` win over those in the line.

        Raises:
            UsageError: an unknown provider or option, a value out of range, or a secret in the line.
        """
        if not isinstance(line, str):
            raise UsageError(f"{str(line)[:60]!r} names no model; write provider:name, such as {_EXAMPLE}")
        provider, colon, rest = line.strip().partition(":")
        if not all(text.isprintable() for text in (rest, *more.values()) if isinstance(text, str)):
            raise UsageError(f"{line[:60]!r} holds characters that can't be printed; write provider:name, such as {_EXAMPLE}")
        if not colon or not provider.isidentifier():
            raise UsageError(f"{line[:60]!r} names no model; write provider:name, such as {_EXAMPLE}")
        own = find_provider(provider).options
        name, _, query = rest.partition("?")
        if not name:
            raise UsageError(f"{line[:60]!r} names no model; write provider:name, such as {_EXAMPLE}")
        given: dict[str, Any] = {**dict(parse_qsl(query, keep_blank_values=True)), **more}
        taken = COMMON_OPTIONS | own
        for option, value in given.items():
            if option not in taken:
                if _SECRET.search(option):
                    raise UsageError(
                        f"a model's line holds no secrets, so {option!r} is refused; put the key in an environment variable "
                        "(OPENAI_API_KEY, or another named by key_env)"
                    )
                raise unknown_name(f"option for {provider!r} models", option, taken)
            if (
                isinstance(value, str)
                and value.lower() == "none"
                and option in {"temperature", "timeout", "price_in", "price_out"}
            ):
                given[option] = None
        _check_address(given.get("base_url"))
        try:
            return cls(provider=provider, name=name, options=ModelOptions.model_validate(given))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(step) for step in first["loc"])
            raise UsageError(
                f"model {provider}:{name[:60]}, {place}: {first['msg']}; its options are {', '.join(sorted(taken))}"
            ) from None

    @property
    def label(self) -> str:
        """The line again, with the options that are not as usual: for records and screens. Files lose their folder."""
        usual = ModelOptions()
        own = {
            name: getattr(self.options, name)
            for name in sorted(COMMON_OPTIONS | find_provider(self.provider).options)
            if name not in CHANGES_NO_ANSWER
        }
        said = [f"{name}={_plain(value)}" for name, value in own.items() if value != getattr(usual, name)]
        is_path = find_provider(self.provider).names_file
        name = (re.split(r"[/\\]", self.name)[-1] or "?") if is_path else _plain(self.name)
        return f"{self.provider}:{name}" + (f"?{'&'.join(said)}" if said else "")

    @property
    def server_address(self) -> str:
        """Where an OpenAI-compatible server answers; OpenAI's own address where the line names none."""
        return self.options.base_url or _OPENAI_ADDRESS

    @property
    def key_variable(self) -> str | None:
        """The environment variable that must hold the key of an OpenAI-compatible server; None where none is sent.

        OpenAI's own key goes to OpenAI only: a server with an address of its own gets a key when `key_env` names one.
        """
        if self.options.key_env is not None:
            return self.options.key_env
        return "OPENAI_API_KEY" if self.options.base_url is None else None

    @property
    def is_local(self) -> bool:
        """Whether asking this model keeps everything on this machine."""
        if self.provider != "openai":
            return find_provider(self.provider).local
        return self.options.base_url is not None and urlsplit(self.options.base_url).hostname in LOCAL_HOSTS

    @property
    def has_local_grammar(self) -> bool:
        """Whether the schema becomes a grammar on this machine: no model reads it, so long lists of names in it cost nothing."""
        return self.is_local and self.options.structured == "schema"

    @property
    def sees(self) -> bool | None:
        """Whether the model can be shown pictures; None where only asking tells."""
        return self.options.mmproj is not None if self.provider == "gguf" else None

    def cost_usd(self, tokens_in: int, tokens_out: int) -> float | None:
        """What so many tokens cost; None without prices."""
        if self.options.price_in is None or self.options.price_out is None:
            return None
        return (tokens_in * self.options.price_in + tokens_out * self.options.price_out) / 1e6


def _plain(value: object) -> str:
    """A value for a label: of a path only its last part, because folders tell who somebody is."""
    text = "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    is_path = text.startswith(("/", "./", "../", "~")) or "\\" in text
    return re.split(r"[/\\]", text.rstrip("/\\"))[-1] if is_path else text


def _check_address(address: object) -> None:
    if isinstance(address, str):
        try:
            parts = urlsplit(address)
            secret = parts.username or parts.password or parts.query or parts.fragment or ";" in address
            _ = parts.port  # raises ValueError where it is none
        except ValueError:
            raise UsageError(f"base_url {address[:60]!r} is no address; write it as http://localhost:8000/v1") from None
        if secret:
            raise UsageError(
                "base_url must hold no user, password, query or fragment; put the key in an environment variable and name it by key_env"
            )


def check_time_limit(seconds: float) -> float:
    """A time limit in seconds, 1 to 3600.

    Raises:
        UsageError: another.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 1 <= seconds <= LONGEST_SECONDS:
        raise UsageError(f"time_limit_seconds {seconds!r} can't be kept; give 1 to {LONGEST_SECONDS:g} seconds")
    return float(seconds)
