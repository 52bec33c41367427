"""Drawing variables with matplotlib, the way their metadata asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from speasy_core.variable.alignment import cadence_ns
from speasy_core.variable.axis import Array, Axis, flat_samples
from speasy_core.variable.cleaning import fill_to_nan, with_nan_rows
from speasy_core.variable.core import VariableCore

from .errors import VariableError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Plotter", "plot", "plot_dataset"]


def plot(v: VariableCore) -> Plotter:
    """Return what draws a variable; ``v.plot`` is this."""
    return Plotter(v)


class Plotter:
    """Draws one variable.

    ``v.plot()`` chooses by the metadata, ``v.plot.line()`` and ``v.plot.colormap()`` do not.

    Parameters
    ----------
    v : SpeasyVariable
    """

    def __init__(self, v: VariableCore) -> None:
        self._v = v

    def __getitem__(self, backend: str | None) -> Plotter:
        if backend not in ("matplotlib", "mpl", None):  # None: the one that there is
            raise VariableError(f"no plotting with {backend!r}; 'matplotlib' is what there is")
        return self

    def __call__(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw lines, or a colour map for a spectrogram.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to; the current ones without it.
        **options
            Of `line` or `colormap`.

        Returns
        -------
        matplotlib Axes
        """
        if self._v.kind == "spectrogram" or "time_index" in options:
            return self.colormap(ax, **options)
        return self.line(ax, **options)

    def line(
        self,
        ax: Axes | None = None,
        *,
        logy: bool | None = None,
        gap_factor: float = 3.0,
        mask_fillval: bool = True,
        **style: Any,
    ) -> Axes:
        """Draw one line per component, broken at fill values and at holes in the sampling.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        logy : bool, optional
            Logarithmic values; by default as SCALETYP says.
        gap_factor : float
            Neighbours more than this many cadences apart are not joined.
        mask_fillval : bool
            Whether to leave out fill values and those outside the valid range.
        **style
            For `matplotlib.axes.Axes.plot`.
        """
        v = self._v
        if v.ndim > 2:
            raise VariableError(
                f"{v.name or 'the variable'} of shape {v.shape} cannot be drawn as lines",
                hint="choose components first, for example v[:, 0]",
            )
        target = _axes(ax)
        whole = with_nan_rows(_drawable(fill_to_nan(v) if mask_fillval else v), gap_factor)
        lines = target.plot(whole.time, whole._values, **style)
        if "marker" not in style:
            _mark_lonely(lines, whole._values)
        names = v.columns or _axis_names(v)
        if "label" not in style:
            for line, name in zip(lines, names, strict=False):
                line.set_label(_plain(name))
            if len(lines) > 1 and len(names) <= 12:
                target.legend(loc="upper right", frameon=False)
        if _wants_log(v.meta, logy) and bool((whole._values > 0).any()):
            target.set_yscale("log", nonpositive="mask")
        target.set_ylabel(_label(v.meta.get("LABLAXIS") or v.name, v.unit))
        _finish(target, v)
        return target

    def colormap(
        self,
        ax: Axes | None = None,
        *,
        logy: bool | None = None,
        logz: bool | None = None,
        time_index: int | None = None,
        gap_factor: float = 3.0,
        mask_fillval: bool = True,
        colorbar: bool = True,
        **style: Any,
    ) -> Axes:
        """Draw a spectrogram; holes in the sampling stay empty.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        logy, logz : bool, optional
            Logarithmic axis and colours; by default as SCALETYP of the axis and of the variable
            says.
        time_index : int, optional
            Which sample of a series of maps to draw, over the two axes of the maps.
        gap_factor, mask_fillval
            As for `line`.
        colorbar : bool
            Whether to draw one.
        **style
            For `matplotlib.axes.Axes.pcolormesh`; `vmin` and `vmax` set the colours' range.
        """
        v = self._v
        if v.ndim == 3 and time_index is not None:
            return _map(v, time_index, _axes(ax), (logy, logz, mask_fillval, colorbar), style)
        if v.ndim != 2 or time_index is not None:
            raise VariableError(
                f"{v.name or 'the variable'} of shape {v.shape} is no "
                + ("spectrogram" if time_index is None else "series of maps"),
                hint="choose or sum over dimensions until (time, channels) are left; "
                "time_index=0 draws one of (time, y, x)",
            )
        target = _axes(ax)
        axis = v.axes[0] if v.axes else Axis(np.arange(v.shape[1]), name="channel")
        clean = _drawable(fill_to_nan(v) if mask_fillval else v)
        log_axis = _wants_log(axis.meta, logy)
        values = np.asarray(clean._values, float)
        log_colour = _wants_log(v.meta, logz) and bool((values > 0).any())
        if log_colour:
            values = np.where(values > 0, values, np.nan)
        if len(v):
            mesh = _mesh(target, clean, values, axis, log_axis, log_colour, gap_factor, style)
            if colorbar:
                bar = target.figure.colorbar(mesh, ax=target)
                bar.set_label(_label(v.meta.get("LABLAXIS") or v.name, v.unit))
        if log_axis:
            target.set_yscale("log")
        target.set_ylabel(_label(axis.meta.get("LABLAXIS") or axis.name, axis.unit))
        _finish(target, v)
        return target


def plot_dataset(variables: Mapping[str, VariableCore], **options: Any) -> list[Axes]:
    """Draw variables one above the other; ``dataset.plot()`` is this."""
    import matplotlib.pyplot as plt

    if not variables:
        raise VariableError("the data set is empty: there is nothing to draw")
    count = len(variables)
    _, grid = plt.subplots(
        count, 1, sharex=True, squeeze=False, figsize=(9, 2.2 * count + 0.8), layout="constrained"
    )
    targets: list[Axes] = list(grid[:, 0])
    for target, variable in zip(targets, variables.values(), strict=True):
        Plotter(variable)(target, **options)
    return targets


def _map(
    v: VariableCore,
    index: int,
    target: Axes,
    how: tuple[bool | None, bool | None, bool, bool],
    style: dict[str, Any],
) -> Axes:
    """Draw one of a series of maps: the first axis of the map upwards, the second to the right."""
    logy, logz, mask_fillval, colorbar = how
    clean = _drawable(fill_to_nan(v) if mask_fillval else v)
    values = np.asarray(clean._values[index], float)
    log_colour = _wants_log(v.meta, logz) and bool((values > 0).any())
    if log_colour:
        from matplotlib.colors import LogNorm

        values = np.where(values > 0, values, np.nan)
        limits = (style.pop("vmin", None), style.pop("vmax", None))
        style = {"norm": LogNorm(*limits), **style}
    axes = v.axes or tuple(Axis(np.arange(size)) for size in v.shape[1:])
    up, right = (a.values[index] if a.time_varying else a.values for a in axes)
    mesh = target.pcolormesh(right, up, values, shading="nearest", **style)
    if colorbar:
        bar = target.figure.colorbar(mesh, ax=target)
        bar.set_label(_label(v.meta.get("LABLAXIS") or v.name, v.unit))
    if _wants_log(axes[0].meta, logy):
        target.set_yscale("log")
    names = [_label(axis.meta.get("LABLAXIS") or axis.name, axis.unit) for axis in axes]
    target.set_ylabel(names[0])
    target.set_xlabel(names[1])
    target.set_title(_plain(str(v.time[index])[:19]))
    return target


def _mark_lonely(lines: Any, values: Array) -> None:
    """Give samples that have no neighbour to be joined with a dot: a line would not show them."""
    columns = flat_samples(values)
    if columns.dtype.kind != "f":
        columns = columns.astype(float)
    known = np.isfinite(columns)
    lonely = known.copy()
    lonely[1:] &= ~known[:-1]
    lonely[:-1] &= ~known[1:]
    for line, alone in zip(lines, lonely.T, strict=False):
        if alone.any():
            line.set_marker(".")
            line.set_markevery(np.flatnonzero(alone).tolist())


def _finish(target: Axes, v: VariableCore) -> None:
    """Put on what every plot has: dates, and what the reader has to know of the data."""
    _date_axis(target)
    dataset = v.meta.get("dataset")
    notes = [] if len(v) else ["no samples"]
    if isinstance(dataset, Mapping) and dataset.get("Synthetic"):
        notes.append("synthetic data")
    if notes:
        target.annotate(
            ", ".join(notes), (0.01, 0.98), xycoords="axes fraction", va="top", color="0.5"
        )


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.gca()


def _drawable(v: VariableCore) -> VariableCore:
    if v.dtype.kind not in "fiub":
        raise VariableError(f"{v.name or 'the variable'} holds {v.dtype}, which is not drawn")
    return v._like(v._values.astype(np.int8)) if v.dtype.kind == "b" else v


def _plain(text: Any) -> str:
    return str(text).replace("$", r"\$")  # not the formula that matplotlib would see


def _label(name: Any, unit: str) -> str:
    text = " ".join(str(name or "").split())
    return _plain(f"{text} [{unit}]".strip() if unit else text)


def _axis_names(v: VariableCore) -> list[str]:
    if not v.axes or v.axes[0].time_varying:
        return [str(i) for i in range(v.shape[1])] if v.ndim > 1 else []
    axis = v.axes[0]
    return [f"{value:g} {axis.unit}".strip() for value in axis.values.tolist()]


def _wants_log(meta: Any, asked: bool | None) -> bool:
    return asked if asked is not None else str(meta.get("SCALETYP", "")).lower().startswith("log")


def _date_axis(ax: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(formatter)


def edges_of(centres: Array, log: bool) -> Array:
    """Return bounds half-way between centres, along the last dimension; one more than those."""
    work = np.asarray(centres, float)
    if log:
        work = np.log(np.where(work > 0, work, np.nan))
    if work.shape[-1] == 1:
        half = np.full_like(work, 0.5)
        both = np.concatenate([work - half, work + half], axis=-1)
    else:
        middle = (work[..., :-1] + work[..., 1:]) / 2
        first = work[..., :1] - (middle[..., :1] - work[..., :1])
        last = work[..., -1:] + (work[..., -1:] - middle[..., -1:])
        both = np.concatenate([first, middle, last], axis=-1)
    return np.exp(both) if log else both


def _mesh(
    ax: Axes,
    v: VariableCore,
    values: Array,
    axis: Axis,
    log_axis: bool,
    log_colour: bool,
    gap_factor: float,
    style: dict[str, Any],
) -> Any:
    """Draw each sample as a column of cells that ends where the next begins, or after a cadence."""
    ns = v.time_ns
    step = cadence_ns(v) or 1_000_000_000
    ahead = np.append(np.diff(ns), step)
    behind = np.append(step, np.diff(ns))
    ahead = np.where(ahead > gap_factor * step, step, ahead)
    behind = np.where(behind > gap_factor * step, step, behind)
    # two borders a sample: what lies between the second and the next first is hole, or nothing
    borders = np.stack([ns - behind // 2, ns + ahead // 2], axis=1).reshape(-1).view("M8[ns]")
    centres = axis.values if axis.time_varying else axis.values[np.newaxis]
    centres = np.asarray(centres, float)
    usable = np.isfinite(centres).all(axis=0) & (
        (centres > 0).all(axis=0) if log_axis else np.True_
    )
    if not usable.any():
        raise VariableError(
            f"the axis {axis.name!r} has no values to draw"
            + (" on a logarithmic scale" if log_axis else ""),
            hint="pass logy=False",
        )
    bounds = edges_of(centres[:, usable], log_axis)
    spread = np.broadcast_to(bounds, (len(ns), bounds.shape[1]))
    cells = np.full((2 * len(ns) - 1, int(usable.sum())), np.nan)
    cells[0::2] = values[:, usable]
    norm = style.pop("norm", None)
    if norm is None and log_colour:
        from matplotlib.colors import LogNorm

        norm = LogNorm(style.pop("vmin", None), style.pop("vmax", None))
    x = np.broadcast_to(borders[:, np.newaxis], (len(borders), bounds.shape[1]))
    y = np.repeat(spread, 2, axis=0)
    masked = np.ma.masked_invalid(cells)
    return ax.pcolormesh(x, y, masked, norm=norm, shading="flat", **style)
