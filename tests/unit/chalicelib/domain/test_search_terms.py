"""What a search for words finds."""

import pytest

from chalicelib.domain.search_terms import MAX_TERMS, is_found, terms_of, words_of


def test_words_are_folded_runs_of_letters_and_digits() -> None:
    assert words_of("Weekly stand-up_2 (Straße)") == ["weekly", "stand", "up", "2", "strasse"]


def test_a_title_is_listed_under_every_beginning_of_its_words_once() -> None:
    assert terms_of("to Tom") == ("t", "to", "tom")
    assert len(terms_of(" ".join(f"{letter}bcdefghij" for letter in "klmnopqrs"))) == MAX_TERMS


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("week", True),
        ("STAND wee", True),
        ("up", True),
        ("eek", False),
        ("weekly x", False),
        ("--", False),
        ("", False),
    ],
)
def test_every_word_of_a_search_must_begin_a_word(search: str, found: bool) -> None:
    assert is_found("Weekly stand-up", search) is found


def test_a_word_beyond_the_limit_of_terms_is_not_found_by_anything() -> None:
    text = " ".join(f"{letter}bcdefghij" for letter in "klmnopqrs")
    assert is_found(text, "kbcdefghij") and not is_found(text, "sbc")
