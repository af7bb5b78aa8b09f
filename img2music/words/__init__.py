"""What plain words in a brief ask for, in ten languages, by tables anybody can read (`img2music words ls`).

`read_words` reads a text, `settle_words` turns what is exact in it (tempo, length, key, metre ...) into wishes of the brief. The tables lie in
`img2music/lexicon` and are read by `img2music.io.lexicon_files`. Words are data: nothing in them is obeyed but what the tables know,
and what is left aside is said in its own letters. Knows nothing of scenes and plans.
"""

from img2music.words.exact_wishes import settle_words, without_words
from img2music.words.parse_result import ReadWord, UnreadWord, WordsReading
from img2music.words.parser import read_words

__all__ = ["ReadWord", "UnreadWord", "WordsReading", "read_words", "settle_words", "without_words"]
