"""No input, however bent, is more than a small result or an error of our own to any parser."""

import json

import pytest

from apimart import protocol
from tests.hostile.parsers import PARSERS
from tests.hostile.trying import Parser, tried


class TestEveryParser:
    @pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
    def test_survives_what_is_bent(self, parser: Parser) -> None:
        """`make hostile` tries ten thousand each."""
        assert 150 + len(parser.extremes) <= tried(parser, 150)

    def test_of_answers_is_among_them(self) -> None:
        readers = {name for name in protocol.__all__ if name.startswith("read_")}

        assert readers <= {parser.name.partition(" ")[0] for parser in PARSERS}


class TestAParserThatIsCareless:
    def test_is_found_out(self) -> None:
        review = next(parser for parser in PARSERS if parser.name == "read_review")
        careless = review._replace(check=lambda answer: json.loads(answer.body)["data"])

        with pytest.raises((ValueError, KeyError, TypeError, RecursionError, ExceptionGroup)):
            tried(careless, 150, in_brief=True)
