"""Arrays of numpy, torch, jax and scipy as the bytes they hold.

dtype with its byte order, shape, then the values in C order: where the values lie in memory,
on which device, and whether the array is a view says nothing about them. Padding
is left out: between the fields of a record and within a long double it is whatever lay
there before.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tui_tracker.capture.digests import Feed

_CHUNK_BYTES = 4 << 20
_LONG_DOUBLE_BYTES = 10
"""The bytes of x86's long double that mean something; numpy keeps it in 16 or 12."""


def feed_numpy(feed: Feed, value: Any) -> bool:
    """Take an array, a masked array or a single number."""
    numpy = sys.modules["numpy"]
    if isinstance(value, numpy.ma.MaskedArray):
        feed.text("numpy.ma")
        mask = numpy.ma.getmaskarray(value)
        _feed_array(feed, mask)
        _feed_array(feed, numpy.where(mask, numpy.zeros((), value.dtype), value.data))
        return True
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        _feed_array(feed, numpy.asarray(value))
        return True
    return False


def feed_scipy(feed: Feed, value: Any) -> bool:
    """Take a sparse matrix: the same whatever order its entries were put in."""
    if not hasattr(value, "tocsr") or not hasattr(value, "nnz"):
        return False
    rows = value.tocsr(copy=True)
    rows.sum_duplicates()
    feed.text(f"sparse {tuple(rows.shape)}")
    # int32 or int64 by size and history alone.
    feed_numpy(feed, rows.indptr.astype("<i8"))
    feed_numpy(feed, rows.indices.astype("<i8"))
    feed_numpy(feed, rows.data)
    return True


def feed_torch(feed: Feed, value: Any) -> bool:
    """Take a tensor, or a dataset that is made of others."""
    torch = sys.modules["torch"]
    if isinstance(value, torch.Tensor):
        _feed_tensor(feed, torch, value)
        return True
    for names in (("tensors",), ("dataset", "indices"), ("datasets",)):
        if all(hasattr(value, name) for name in names) and _is_dataset(value):
            feed.text(type(value).__qualname__)
            feed.values(getattr(value, name) for name in names)
            return True
    return False


def feed_like_array(feed: Feed, value: object) -> bool:
    """Take what numpy can read without a copy of its own idea, such as jax's arrays."""
    numpy = sys.modules.get("numpy")
    like = hasattr(value, "__array__") and hasattr(value, "shape") and hasattr(value, "dtype")
    if numpy is None or not like or isinstance(value, type):
        return False
    found = numpy.asarray(value)
    if found.dtype.kind == "O":
        return False
    _feed_array(feed, found)
    return True


def _is_dataset(value: object) -> bool:
    data = sys.modules.get("torch.utils.data")
    return data is not None and isinstance(value, (data.Dataset, data.DataLoader))


def _feed_tensor(feed: Feed, torch: Any, tensor: Any) -> None:
    feed.text(f"torch {tensor.dtype} {tuple(tensor.shape)}")
    tensor = tensor.detach()
    if tensor.layout != torch.strided:
        tensor = tensor.to_sparse().coalesce()
        feed.values((tensor.indices(), tensor.values()))
        return
    if tensor.is_quantized:
        feed.text(str(tensor.qscheme()))
        feed.values((tensor.q_scale(), tensor.q_zero_point(), tensor.int_repr()))
        return
    flat = tensor.resolve_conj().resolve_neg().reshape(-1)
    count = max(1, _CHUNK_BYTES // max(1, flat.element_size()))
    for start in range(0, flat.numel(), count):
        part = flat[start : start + count].cpu()
        if part.is_floating_point() and bool((part != part).any()):
            part = torch.where(part != part, torch.full_like(part, float("nan")), part)
        part = part.contiguous().view(torch.uint8)
        feed.raw(part.numpy() if "numpy" in sys.modules else bytes(part.tolist()))


def _feed_array(feed: Feed, values: Any) -> None:
    numpy = sys.modules["numpy"]
    dtype = values.dtype
    if dtype.names is not None:
        # Field by field, because a record may hold padding.
        feed.text(f"record {tuple(values.shape)}")
        for name in dtype.names:
            feed.text(name)
            _feed_array(feed, values[name])
        return
    if dtype.kind not in "biufcmMSUV":
        # Objects, and texts of any length, are kept elsewhere than in the array.
        feed.text(f"numpy {dtype.kind} {tuple(values.shape)}")
        feed.cells(values.ravel().tolist())
        return
    feed.text(f"numpy {dtype.str} {tuple(values.shape)}")
    if values.size and dtype.itemsize:
        for part in _parts(numpy, values):
            feed.raw(_settled(numpy, part).view("u1").data)


def _parts(numpy: Any, values: Any) -> Any:
    """Yield the values in C order, in pieces that are contiguous."""
    values = numpy.asarray(values)
    if values.flags.c_contiguous:
        flat = values.reshape(-1)
        count = max(1, _CHUNK_BYTES // values.dtype.itemsize)
        for start in range(0, flat.size, count):
            yield flat[start : start + count]
        return
    row = max(1, values.nbytes // len(values))
    count = max(1, _CHUNK_BYTES // row)
    for start in range(0, len(values), count):
        yield numpy.ascontiguousarray(values[start : start + count]).reshape(-1)


def _settled(numpy: Any, part: Any) -> Any:
    """Return the values with one NaN for all, and long doubles without their padding."""
    if part.dtype.kind not in "fc":
        return part
    real = part.view(part.real.dtype)
    bad = real != real
    if bad.any():
        real = real.copy()
        real[bad] = numpy.nan
    if real.dtype.itemsize > 8 and numpy.finfo(real.dtype).nmant == 63:
        octets = real.view("u1").reshape(-1, real.dtype.itemsize)
        return numpy.ascontiguousarray(octets[:, :_LONG_DOUBLE_BYTES])
    return real
