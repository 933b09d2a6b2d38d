"""Wire format of Protocol Buffers, beside what their own library wrote."""

import onnx
import pytest

from hnseg.inference.model.graph.wire_format import fields, numbers, parts, text


def test_fields_are_those_that_protobuf_wrote():
    message = onnx.StringStringEntryProto(key="location", value="a" * 300).SerializeToString()
    assert [number for number, _ in fields(memoryview(message))] == [1, 2]
    assert (text(memoryview(message), 1), text(memoryview(message), 2)) == ("location", "a" * 300)
    assert text(memoryview(message), 3) == ""


def test_numbers_of_several_bytes_are_read():
    message = memoryview(onnx.OperatorSetIdProto(domain="x", version=1 << 40).SerializeToString())
    assert list(numbers(message, 2)) == [1 << 40]


def test_messages_within_a_message_are_views_of_it():
    model = onnx.ModelProto(opset_import=[onnx.OperatorSetIdProto(version=version) for version in (17, 3)])
    inner = list(parts(memoryview(model.SerializeToString()), 8))
    assert [list(numbers(each, 2)) for each in inner] == [[17], [3]]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"\x0a\x05ab", "longer than its message"),
        (b"\x0b\x00", "unknown kind 3"),
        (b"\x08\xff", "number without an end"),
        (b"\x08" + b"\xff" * 11, "number without an end"),
        (b"\x0d\x00", "longer than its message"),
    ],
)
def test_damaged_messages_are_refused(message, reason):
    with pytest.raises(ValueError, match=reason):
        list(fields(memoryview(message)))


def test_a_field_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="a number in the field 1"):
        list(parts(memoryview(b"\x08\x01"), 1))
    with pytest.raises(ValueError, match="bytes in the field 1"):
        list(numbers(memoryview(b"\x0a\x01a"), 1))
