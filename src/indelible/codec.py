"""msgspec in one place: the JSON encoder and decoders that the rest of the product uses."""

from __future__ import annotations

from typing import Any

import msgspec

JsonValue = None | bool | int | float | str | list[Any] | dict[str, Any]

_encoder = msgspec.json.Encoder()
_sorted_encoder = msgspec.json.Encoder(order="sorted")
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
_raw_list: msgspec.json.Decoder[list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw])

DecodeError = msgspec.DecodeError

encode_json = _encoder.encode
decode_json = _decoder.decode
decode_raw_list = _raw_list.decode


def encode_sorted_json(value: Any) -> bytes:
    """JSON with sorted keys: the same value always gives the same bytes."""
    return _sorted_encoder.encode(value)
