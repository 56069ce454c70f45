"""Hyperparameters and the end of a session, as TensorBoard's hparams plugin keeps them.

They stand in the metadata of summaries with the tags `_hparams_/session_start_info` and
`_hparams_/session_end_info`, as messages of their own:

    HParamsPluginData   version (1)  experiment (2)  session_start_info (3)  session_end_info (4)
    SessionStartInfo    hparams (1): a map { key (1), value (2) }   model_uri (2)
                        monitor_url (3)   group_name (4)   start_time_secs (5)
    SessionEndInfo      status (1): 1 success, 2 failure, 3 running     end_time_secs (2)

A value is a `google.protobuf.Value`, whose numbers are all float64: whole ones were whole
numbers far more often than not, and become such.

Source: tensorboard/tensorboard, tensorboard/plugins/hparams/plugin_data.proto, api.proto.
"""

from __future__ import annotations

from tui_tracker.importers.records import ParamValue
from tui_tracker.importers.wire import Message

PLUGIN = "hparams"
SESSION_TAG = b"_hparams_/session_start_info"
_DEEPEST = 16
_WHOLE_BELOW = 2.0**53
_FAILURE = 2


class Session:
    """What the sessions of one run told."""

    def __init__(self) -> None:
        self.params: dict[str, ParamValue] = {}
        self.has_failed = False

    def take(self, content: bytes) -> None:
        """Take in the content of a summary's plugin data.

        Raises:
            WireError: the bytes are no message.
        """
        data = Message(content)
        for pair in data.message(3).messages(1):
            value = _value(pair.message(2), 0)
            self.params[pair.text(1)] = value
        if 4 in data:
            self.has_failed = data.message(4).integer(1) == _FAILURE


def _value(value: Message, depth: int) -> ParamValue:
    if 2 in value:
        number = value.double(2)
        whole = number.is_integer() and abs(number) < _WHOLE_BELOW
        return int(number) if whole else number
    if 3 in value:
        return value.text(3)
    if 4 in value:
        return bool(value.integer(4))
    if 6 in value and depth < _DEEPEST:
        return [_value(one, depth + 1) for one in value.message(6).messages(1)]
    return None
