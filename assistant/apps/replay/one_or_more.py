"""A list of which a person may also write the one value alone: ``emotion: sad`` for ``emotion: [sad]``."""

from typing import Annotated, TypeVar, get_args

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

T = TypeVar("T")


class _Either:
    """Takes a value or a list of them, in strict models too, and reads as that in a JSON Schema."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        many = handler(source)
        one = handler.generate_schema(get_args(source)[0])
        either = core_schema.tagged_union_schema({"one": one, "many": many}, discriminator=_form)
        return core_schema.no_info_after_validator_function(_listed, either)


OneOrMore = Annotated[tuple[T, ...], _Either()]
"""A tuple; written as a list or as its only member."""


def _form(value: object) -> str:
    return "many" if isinstance(value, list | tuple) else "one"


def _listed(value: object) -> object:
    return value if isinstance(value, tuple) else (value,)
