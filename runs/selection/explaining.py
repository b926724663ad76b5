"""Why a sample was chosen, and why another one was not."""

from dataclasses import dataclass

import numpy as np

from runs.selection.balance import Mix, off_target
from runs.selection.board import log_of_distance, static_logs
from runs.selection.choosing import Chooser
from runs.selection.config import Balance, Diversity, Similarity, Strategy, Threshold, Typicality, Weights
from runs.selection.numbers import Range, passing
from runs.selection.pool import Fate, numbers_of
from runs.selection.samples import Floats, Indices


@dataclass(frozen=True)
class Said:
    """What one strategy said of a sample at one moment.

    `value` is the distance to the nearest chosen sample (DIVERSITY) or to the nearest one of the query (SIMILARITY),
    the typicality, the number itself (WEIGHTS), or the part of the mix that is off its target with this sample, from 0
    to 1 (BALANCE). It is NaN if there was none. `log` is strength * log(objective): the more, the better.
    """

    strategy: Strategy
    value: float
    log: float


@dataclass(frozen=True)
class Pick:
    """`place`: from 1 on. `score`: the sum of the logarithms, by which the sample was the best of all."""

    row: int
    name: str
    place: int
    score: float
    said: tuple[Said, ...]


@dataclass(frozen=True)
class LeftOut:
    """A sample that was not chosen. `said` is as of the end, and empty for samples that took no part."""

    row: int
    name: str
    why: str
    score: float = -np.inf
    said: tuple[Said, ...] = ()


class Explanation:
    """Of what a chooser has chosen so far. Making it costs about as much as the balancing did, without any distances.

    `strategies`: all but thresholds, in the order of the configuration. `values` and `logs`: (k, S), for each chosen
    sample in the order of choosing what each strategy said: see `Said`.
    """

    def __init__(self, chooser: Chooser) -> None:
        self._chooser, self._pool = chooser, chooser.pool
        self.strategies: list[Strategy] = [
            each for each in chooser.selection.strategies if not isinstance(each, Threshold)
        ]
        self._computed = chooser.computed()
        self._static: dict[Strategy, Floats | None] = {
            each: static_logs(self._pool, each, self._computed) for each in self.strategies
        }
        self._numbers = {each: self._pool.numbers(each.input) for each in self.strategies if isinstance(each, Weights)}
        self.board = chooser.new_board()
        picks, shape = chooser.state.picks, (len(chooser.state.picks), len(self.strategies))
        self.values, self.logs = np.full(shape, np.nan), np.zeros(shape)
        for place, (member, distance) in enumerate(zip(picks, chooser.state.distances, strict=True)):
            for column, strategy in enumerate(self.strategies):
                said = self._says(strategy, member, distance)
                self.values[place, column], self.logs[place, column] = said.value, said.log
            self.board.add(member)

    def pick(self, place: int) -> Pick:
        """`place`: from 1 on. Raises IndexError if so many are not chosen."""
        if not 1 <= place <= len(self.values):
            raise IndexError(place)
        row = self._chooser.chosen[place - 1]
        columns = zip(self.strategies, self.values[place - 1], self.logs[place - 1], strict=True)
        said = tuple(Said(strategy, float(value), float(log)) for strategy, value, log in columns)
        score = self._chooser.state.scores[place - 1]
        return Pick(row, self._chooser.samples.names[row], place, score, said)

    def best_left_out(self, most: int = 10) -> list[LeftOut]:
        """Of the candidates that were not chosen those that would come next, the best first; equal ones by name."""
        scores = self._final_scores()
        order = np.lexsort((np.arange(len(scores)), -scores))
        members = [int(at) for at in order if np.isfinite(self.board.static[at])][:most]
        return [self._left(member, float(scores[member])) for member in members]

    def why_not(self, row: int) -> LeftOut:
        """`row`: of the samples. Raises ValueError for a chosen one."""
        name, fate = self._chooser.samples.names[row], Fate(int(self._pool.fates[row]))
        if fate is Fate.CANDIDATE:
            (member,) = np.flatnonzero(self._pool.rows == row).tolist()
            if not np.isfinite(self.board.static[member]):
                raise ValueError(f"{name} was chosen.")
            return self._left(member, float(self._final_scores()[member]))
        return LeftOut(row, name, self._why_no_part(row, fate))

    def _final_scores(self) -> Floats:
        """Without the minimum distance, which would hide how good the others are."""
        total = self.board.static.copy()
        for strategy in self.strategies:
            if self._static[strategy] is None:
                total += self._final_logs(strategy)
        return total

    def _final_logs(self, strategy: Strategy) -> Floats:
        if isinstance(strategy, Diversity):
            whole = self.board.diversity_logs()
            return whole * (strategy.strength / self.board.diversity) if self.board.diversity else whole
        if isinstance(strategy, Balance):
            mix = self._mix(strategy)
            found: Floats = mix.logs()[mix.groups]
            return found
        return self._range(strategy).logs()

    def _says(self, strategy: Strategy, member: int, distance: float) -> Said:
        """As of now on the board. `distance`: to the nearest chosen sample, or NaN."""
        static = self._static[strategy]
        if isinstance(strategy, Diversity):
            log = 0.0 if np.isnan(distance) else log_of_distance(distance) * strategy.strength
            return Said(strategy, distance, log)
        if isinstance(strategy, Balance):
            mix = self._mix(strategy)
            with_it = mix.amounts + mix.amounts_of(np.array([member]))[0]
            return Said(strategy, off_target(with_it, mix.target), float(mix.logs()[mix.groups[member]]))
        if isinstance(strategy, Weights):
            logs = self._range(strategy).logs() if static is None else static
            return Said(strategy, float(self._numbers[strategy][member]), float(logs[member]))
        value = float(self._computed[strategy][member])
        log = 0.0 if static is None else float(static[member])
        return Said(strategy, max(0.0, value) ** 0.5 if isinstance(strategy, Similarity) else value, log)

    def _mix(self, strategy: Strategy) -> Mix:
        return next(mix for mix in self.board.mixes if mix.strategy == strategy)

    def _range(self, strategy: Strategy) -> Range:
        return next(each for each in self.board.ranges if each.strategy == strategy)

    def _left(self, member: int, score: float) -> LeftOut:
        nearest = self.board.nearest
        distance = np.nan
        if nearest is not None and self.board.has_centres:
            distance = float(np.sqrt(max(0.0, float(nearest[member]))))
        said = tuple(self._says(strategy, member, distance) for strategy in self.strategies)
        row = int(self._pool.rows[member])
        return LeftOut(row, self._chooser.samples.names[row], self._why(member, distance, said), score, said)

    def _why(self, member: int, distance: float, said: tuple[Said, ...]) -> str:
        least = self.board.minimum_distance
        if least > 0 and distance < least:
            near = self._nearest_name(member)
            return f"Its distance to {near} is {distance:.3g}, and chosen samples have at least {least:g} between them."
        for budget in self.board.budgets:
            if not budget.allows(member):
                value, free = float(budget.values[member]), budget.maximum - budget.sum
                return f"Its number is {value:.3g}, and only {max(0.0, free):.3g} is left up to the largest sum."
        if not len(self.logs):
            return "No sample was chosen."
        behind = self.logs[-1] - np.array([each.log for each in said])
        if not behind.size or behind.max() <= 0:
            return "It is as good as the sample chosen last, but the wanted number was reached."
        worst = int(behind.argmax())
        return self._compared(member, said[worst], float(self.values[-1, worst]))

    def _compared(self, member: int, said: Said, last: float) -> str:
        strategy, value = said.strategy, said.value
        if isinstance(strategy, Diversity):
            return (
                f"Its distance to {self._nearest_name(member)} is {value:.3g}; "
                f"the sample chosen last had {last:.3g} to the nearest one."
            )
        if isinstance(strategy, Balance):
            return (
                f"With it, {value:.1%} of the {strategy.input} would be off the wanted mix; "
                f"with the sample chosen last it was {last:.1%}."
            )
        what = {Typicality: "Its typicality", Similarity: "Its distance to the query"}.get(type(strategy))
        what = what or f"Its {strategy.input if isinstance(strategy, Weights) else strategy}"
        if np.isnan(value):
            return f"{what} is missing; the sample chosen last had {last:.3g}."
        return f"{what} is {value:.3g}; the sample chosen last had {last:.3g}."

    def _nearest_name(self, member: int) -> str:
        """Of the chosen and preselected samples the one that is nearest to this one."""
        vectors = self._pool.needed_vectors()
        held = np.flatnonzero(self._pool.fates[self._pool.rows] == Fate.PRESELECTED)
        centres: Indices = np.concatenate([held, np.array(self._chooser.state.picks, dtype=np.intp)])
        if not centres.size:
            return "the nearest sample"
        squared = np.square(vectors[centres]).sum(axis=1) - 2.0 * (vectors[centres] @ vectors[member])
        return self._chooser.samples.names[int(self._pool.rows[centres[int(squared.argmin())]])]

    def _why_no_part(self, row: int, fate: Fate) -> str:
        samples = self._chooser.samples
        if fate is Fate.PRESELECTED:
            return "The dataset holds it already."
        if fate is Fate.NO_EMBEDDING:
            return "Its embedding has numbers that are not finite."
        if fate is Fate.DUPLICATE:
            return f"Its embedding equals that of {samples.names[self._pool.twins[row]]}."
        if fate is Fate.UNTYPICAL:
            (member,) = np.flatnonzero(self._pool.rows == row).tolist()
            for each in self.strategies:
                if isinstance(each, Typicality) and each.minimum_typicality is not None:
                    value = float(self._computed[each][member])
                    if value < each.minimum_typicality:
                        return f"Its typicality is {value:.3g}, below the minimum of {each.minimum_typicality:g}."
        return self._why_filtered(row)

    def _why_filtered(self, row: int) -> str:
        """By the first threshold that it fails."""
        for threshold in self._pool.filtered:
            value = float(numbers_of(self._chooser.samples, threshold.input, self._pool.seed)[row])
            if not passing(np.array([value]), threshold.operation, threshold.threshold)[0]:
                start = (
                    f"Its {threshold.input} is {value:.6g}" if np.isfinite(value) else f"It has no {threshold.input}"
                )
                return f"{start}, and {threshold.operation} {threshold.threshold:g} is asked."
        return "A threshold left it out."
