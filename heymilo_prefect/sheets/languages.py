"""Rate how well a word fits the spelling of a language, from the words in `languages.txt`."""

import math
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_WORDS = Path(__file__).with_name("languages.txt")
# How Romanian is written in its own code page, which has no letters with a comma below.
_CEDILLAS = str.maketrans("șțȘȚ", "şţŞŢ")


class Spelling:
    """A model of which letters follow two others in the words of a language.

    Where the words don't show what follows two letters, it counts what follows the second one, and
    where they don't show that either, how frequent the letter is. A letter that is in none of them
    is improbable, and not impossible.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._counts: Counter[str] = Counter()
        self._before: Counter[str] = Counter()
        for word in words:
            for first, second, letter in _letters(word):
                self._counts.update((letter, second + letter, first + second + letter))
                self._before.update(("", second, first + second))
        self._known: dict[tuple[str, str, str], float] = {}
        three = {each: times for each, times in self._counts.items() if len(each) == 3}
        self._usual = (
            sum(times * self._probability(*each) for each, times in three.items())
            / self._before[""]
        )

    def log_probability(self, word: str) -> tuple[float, float]:
        """Return the log-probability of a word, and the usual one for its length."""
        known = self._known
        result = 0.0
        for letters in _letters(word):
            if (value := known.get(letters)) is None:
                value = known[letters] = self._probability(*letters)
            result += value
        return result, self._usual * (len(word) + 1)

    def _probability(self, first: str, second: str, letter: str) -> float:
        probability = (self._counts[letter] + 0.05) / (self._before[""] + 20)
        for before, weight in ((second, 8), (first + second, 4)):
            times = self._counts[before + letter] + weight * probability
            probability = times / (self._before[before] + weight)
        return math.log(probability)


def _letters(word: str) -> Iterable[tuple[str, str, str]]:
    padded = f"  {word.lower()} "
    return zip(padded, padded[1:], padded[2:], strict=False)


@cache
def spellings() -> dict[str, Spelling]:
    """Return the model of each language, loaded on the first call."""
    words: dict[str, list[str]] = {}
    for line in _WORDS.read_text(encoding="utf-8").split("\n"):
        if line.startswith("["):
            listed = words[line.strip("[]")] = []
        elif line and not line.startswith("#"):
            listed += line.split()
    words["Romanian"] += [word.translate(_CEDILLAS) for word in words["Romanian"]]
    return {language: Spelling(each) for language, each in words.items()}
