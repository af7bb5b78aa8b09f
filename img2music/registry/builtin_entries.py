"""The table of what is built in: a new stage, provider or metric is a row here, and nothing else names it in a list.

Licences are those of what comes along with the program (see `NOTICE`); a model's own are said by whoever brings its weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.registry.registry_entry import ProviderEntry, RegistryEntry

if TYPE_CHECKING:
    from img2music.registry.registry_entry import Kind

__all__ = ["BUILTIN"]

_PROVIDERS = "img2music.models.providers"
_NETWORKS = "EfficientNet-Lite and MediaPipe (Apache-2.0), fer (MIT)"
_SYMBOLIC = "img2music.metrics.symbolic"

BUILTIN: dict[tuple[Kind, str], RegistryEntry] = {
    (entry.kind, entry.name): entry
    for entry in (
        RegistryEntry(
            kind="perceiver",
            name="offline",
            factory="img2music.perceivers.offline:OfflinePerceiver",
            summary="measured cues, and what small networks recognise",
            deterministic=True,
            licence=_NETWORKS,
        ),
        RegistryEntry(
            kind="perceiver",
            name="vlm",
            factory="img2music.perceivers.vlm.vlm_perceiver:ModelPerceiver",
            summary="a vision-language model beside the offline eye",
            leaves_machine="the picture at 768 pixels without metadata, and what was measured in it",
            licence=f"the model's own; {_NETWORKS}",
            prompt_purpose="see",
        ),
        RegistryEntry(
            kind="planner",
            name="rules",
            factory="img2music.planners.rules.rules_planner:RulesPlanner",
            summary="rules from evidence, each choice with its reasons",
            deterministic=True,
        ),
        RegistryEntry(
            kind="planner",
            name="llm",
            factory="img2music.planners.llm.llm_planner:ModelPlanner",
            summary="a language model over a draft by the rules",
            leaves_machine="the words for what was seen, and the brief, without the picture",
            licence="the model's own",
            prompt_purpose="plan",
        ),
        RegistryEntry(
            kind="realizer",
            name="composer",
            factory="img2music.realizers.composer:Composer",
            summary="a composer in code, from statistics of songs",
            deterministic=True,
        ),
        RegistryEntry(
            kind="realizer",
            name="abc",
            factory="img2music.realizers.abc.abc_realizer:AbcRealizer",
            summary="a language model writes ABC, which is checked and mended",
            leaves_machine="the plan (title, chords, players), without the picture",
            licence="the model's own",
            prompt_purpose="abc",
        ),
        RegistryEntry(
            kind="performer",
            name="expressive",
            factory="img2music.performers.expressive:ExpressivePerformer",
            summary="dynamics, articulation, swing, pedal, timing",
            deterministic=True,
        ),
        RegistryEntry(
            kind="performer",
            name="strict",
            factory="img2music.performers.strict:StrictPerformer",
            summary="every note exactly as written",
            deterministic=True,
        ),
        RegistryEntry(
            kind="renderer",
            name="soundfont",
            factory="img2music.renderers.soundfont.soundfont_renderer:SoundfontRenderer",
            summary="a soundfont, mastered",
            deterministic=True,
            licence="FluidR3Mono (MIT)",
        ),
        RegistryEntry(
            kind="renderer",
            name="musicgen",
            factory="img2music.renderers.neural.musicgen.musicgen_renderer:MusicGenRenderer",
            summary="MusicGen, told words and the chroma of the score",
            extra="img2music[musicgen]",
            packages=("torch", "transformers"),
            needs="weights, which the first use downloads; a GPU makes it quick",
            licence="of the weights: see `img2music models ls`",
            listened=True,
            weights="facebook/musicgen-small",
            prompt_purpose="sound",
            readiness="img2music.renderers.neural.weights:readiness",
        ),
        RegistryEntry(
            kind="renderer",
            name="diffusers",
            factory="img2music.renderers.neural.diffusers.diffusers_renderer:DiffusersRenderer",
            summary="ACE-Step 1.5, Stable Audio or another pipeline of diffusers, told tempo, key, metre, words and our own rendering",
            extra="img2music[diffusers]",
            packages=("accelerate", "diffusers", "torch", "transformers"),
            needs="weights of 5 to 12 GB, which the first use downloads; a GPU of 8 GB or more, or patience",
            licence="of the weights: see `img2music models ls`",
            prompt_purpose="sound",
            listened=True,
            weights="ACE-Step/acestep-v15-xl-turbo-diffusers",
            readiness="img2music.renderers.neural.weights:readiness",
        ),
        RegistryEntry(
            kind="renderer",
            name="magenta-rt",
            factory="img2music.renderers.neural.magenta_rt.magenta_rt_renderer:MagentaRTRenderer",
            summary="Magenta RealTime 2 in an environment of its own, told every note",
            needs="an environment of its own and weights: `img2music models install magenta-rt`",
            licence="of the weights: see `img2music models ls`",
            listened=True,
            weights="mrt2_small",
            prompt_purpose="sound",
            readiness="img2music.renderers.neural.magenta_rt.magenta_rt_files:readiness",
        ),
        RegistryEntry(
            kind="renderer",
            name="audiocraft",
            factory="img2music.renderers.neural.audiocraft.audiocraft_renderer:AudiocraftRenderer",
            summary="JASCO told chords, drums and melody of the score, or MusicGen in the style of our rendering",
            needs="an environment of its own and weights: `img2music models install jasco`; a GPU of 8 GB, or patience",
            licence="of the weights: see `img2music models ls`",
            prompt_purpose="sound",
            listened=True,
            weights="facebook/jasco-chords-drums-melody-400M",
            readiness="img2music.renderers.neural.audiocraft.audiocraft_environment:readiness",
        ),
        RegistryEntry(
            kind="renderer",
            name="layered",
            factory="img2music.renderers.layered_renderer:LayeredRenderer",
            summary="a neural sound under parts that a soundfont plays exactly",
            needs="what the renderer named under neural needs",
            licence="FluidR3Mono (MIT); of the weights: see `img2music models ls`",
            listened=True,
            readiness="img2music.renderers.layered_renderer:readiness",
        ),
        ProviderEntry(
            kind="provider",
            name="openai",
            factory=f"{_PROVIDERS}.openai_server:make",
            summary="a server that speaks OpenAI's protocol",
            extra="img2music[llm]",
            packages=("langchain_openai",),
            needs="a server; a hosted one also a key in the environment",
            leaves_machine="what is asked, to the server that base_url names, or to api.openai.com",
            options=frozenset({"base_url", "key_env"}),
        ),
        ProviderEntry(
            kind="provider",
            name="gguf",
            factory=f"{_PROVIDERS}.gguf:make",
            summary="a GGUF file in this process",
            extra="img2music[gguf]",
            packages=("langchain_core", "xllamacpp"),
            needs="a GGUF file",
            options=frozenset({"context", "threads", "mmproj"}),
            names_file=True,
        ),
        ProviderEntry(
            kind="provider",
            name="hf",
            factory=f"{_PROVIDERS}.huggingface:make",
            summary="transformers in this process",
            extra="img2music[vlm]",
            packages=("langchain_core", "torch", "transformers", "llguidance"),
            needs="weights, which the first use downloads",
            options=frozenset({"device", "dtype"}),
        ),
        ProviderEntry(
            kind="provider",
            name="vllm",
            factory=f"{_PROVIDERS}.vllm_offline:make",
            summary="vLLM in this process",
            extra="img2music[vllm]",
            packages=("langchain_core", "vllm"),
            needs="a GPU, and weights, which the first use downloads",
            options=frozenset({"dtype", "context", "eager"}),
        ),
        ProviderEntry(
            kind="provider",
            name="replay",
            factory=f"{_PROVIDERS}.replay_model:make",
            summary="answers recorded earlier",
            extra="img2music[llm]",
            packages=("langchain_core",),
            needs="a file of recorded answers",
            deterministic=True,
            names_file=True,
        ),
        RegistryEntry(
            kind="metric",
            name="tune",
            factory=f"{_SYMBOLIC}.melody_metrics:measure_tune",
            summary="the tune: consonance, leaps, climax, variety, breath, compass, rhythm",
            deterministic=True,
        ),
        RegistryEntry(
            kind="metric",
            name="motif",
            factory=f"{_SYMBOLIC}.motif_recurrence:measure_motif",
            summary="how much of the tune grows from the plan's motif",
            deterministic=True,
        ),
        RegistryEntry(
            kind="metric",
            name="form",
            factory=f"{_SYMBOLIC}.form_similarity:measure_structure",
            summary="likeness of sections; what repeats",
            deterministic=True,
        ),
        RegistryEntry(
            kind="metric",
            name="voice-leading",
            factory=f"{_SYMBOLIC}.voice_leading_faults:measure_voice_leading",
            summary="parallels, crossings, unisons, range",
            deterministic=True,
        ),
        RegistryEntry(
            kind="metric",
            name="descriptors",
            factory=f"{_SYMBOLIC}.descriptors:measure_descriptors",
            summary="what papers print: entropies, groove, for comparison without a mark",
            deterministic=True,
        ),
        RegistryEntry(
            kind="metric",
            name="compliance",
            factory="img2music.metrics.compliance.compliance_check:check_compliance",
            summary="promises of the brief and the plan, read back from the written files",
            deterministic=True,
        ),
        RegistryEntry(
            kind="metric",
            name="affect",
            factory="img2music.metrics.affect.affect_estimator:AffectEstimator",
            summary="how the notes are likely to feel, by a rule that is fitted first",
            needs="pieces that people rated, such as EMOPIA and VGMIDI, which do not come along",
            deterministic=True,
            licence="that of the rated pieces: both sets are for evaluation only",
        ),
    )
}
"""By kind and name, in the order in which they are shown."""
