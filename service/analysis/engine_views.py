"""An engine's view of a space: its map, and the rules that every row of the map is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.analysis.blocks import StageBlocks
from service.analysis.columns import Column
from service.analysis.joint import Solved
from service.analysis.layers import Layer
from service.analysis.outcomes import Row, make_row, united
from service.analysis.pings import pinged_column
from service.analysis.rows import Outgoing, add_row
from service.analysis.solve import Connectivity, joined_columns
from service.analysis.space import Space
from service.analysis.units import Seating
from service.model.pipeline import Direction, Pipeline


@dataclass(frozen=True, slots=True)
class SharedRules:
    """Places that share their rules in one direction, and what these make of every peer."""

    places: int
    stages: list[StageBlocks]
    row: Row


@dataclass(frozen=True, slots=True)
class LayerView:
    """One address family of a view."""

    layer: Layer
    rules: Mapping[Direction, tuple[SharedRules, ...]]


class EngineView:
    """A pipeline over a space that may be fine enough for others as well."""

    def __init__(self, pipeline: Pipeline, space: Space, number: int, seating: Seating) -> None:
        self.pipeline = pipeline
        everything = space.everything
        self.layers = [
            _layer_view(Layer(pipeline, space, number, family, everything, everything))
            for family in space.families
        ]
        columns = joined_columns(
            [each.layer for each in self.layers], [_columns(each) for each in self.layers]
        )
        self.map = Solved(Connectivity(space, pipeline, number, tuple(columns)), seating)


def _layer_view(layer: Layer) -> LayerView:
    return LayerView(
        layer,
        {
            direction: tuple(
                SharedRules(places, stages, make_row(stages, layer.space.everything))
                for places, stages in layer.rows_of(direction).stages(layer.inside)
            )
            for direction in Direction
        },
    )


def _columns(view: LayerView) -> list[Column]:
    layer = view.layer
    received = [(each.places, united(each.row)) for each in view.rules[Direction.INGRESS]]
    sent: dict[Outgoing, int] = {}
    for each in view.rules[Direction.EGRESS]:
        add_row(sent, each.places, each.row)
    known: dict[int, Column] = {}
    columns = layer.columns(layer.with_outside(sent, received))
    for column in columns:
        if id(column) not in known:
            known[id(column)] = pinged_column(column, layer.family)
    return [known[id(column)] for column in columns]
