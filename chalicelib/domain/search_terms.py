"""What a search for words of a title finds: the words, and the prefixes of them that an index keeps. Pure.

A title is found by the beginnings of its words, in any case and order: "sta wee" finds "Weekly stand-up".
"""

import re

MAX_TERM_CHARS = 10  # of a prefix that has a list of its own; a longer word is looked for among those that share it
MAX_TERMS = 75  # lists that one title is in: about twelve words

_WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    """Return the words of a text in their order, folded; whatever is neither letter nor digit separates them."""
    return _WORD.findall(text.casefold())


def terms_of(text: str, most: int = MAX_TERMS) -> tuple[str, ...]:
    """Return every prefix under which a text is found, at most `most`, those of the first words first."""
    terms: dict[str, None] = {}
    for word in words_of(text):
        terms.update(dict.fromkeys(word[:size] for size in range(1, min(len(word), MAX_TERM_CHARS) + 1)))
        if len(terms) >= most:
            break
    return tuple(terms)[:most]


def listed_under(word: str) -> str:
    """Return the term whose list holds every text with a word that begins like `word`."""
    return word[:MAX_TERM_CHARS]


def is_found(text: str, search: str, most: int = MAX_TERMS) -> bool:
    """Tell whether every word of a search begins a word of the text that is in the index; no word finds nothing."""
    wanted = words_of(search)
    if not wanted:
        return False
    terms, words = set(terms_of(text, most)), words_of(text)
    return all(listed_under(one) in terms and any(word.startswith(one) for word in words) for one in wanted)
