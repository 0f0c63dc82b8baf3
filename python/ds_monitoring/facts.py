"""What a run reports of its data and model: classes, outliers, drift, scores, the decision."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from typing import Any, Iterable, Mapping, Optional, Sequence, Union

from .drift import compare, significance_of
from .events import emit, exception_fields
from .faults import faults, never_raises
from .profiles import OTHER, Profile
from .samples import MISSING, is_missing, label, labels
from .served import served_features

#: More classes than these are reported as one, `_other`: each class is a series in the database.
MAX_CLASSES = 50
_SAME: Mapping[str, Any] = {}


class Facts:
    """The facts about one run of a pipeline. No method raises, whatever it is given."""

    model: Optional[str] = None
    #: May be set later, once it is known; the facts reported after that carry it.
    model_version: Optional[str] = None
    _comparisons = 0

    def identity(self) -> dict[str, Any]:
        """The fields that every event of this run carries."""
        raise NotImplementedError

    def _emit_fact(self, event_name: str, fields: Mapping[str, Any]) -> None:
        version = None if self.model_version is None else label(self.model_version)
        model = {"ml.model.name": self.model, "ml.model.version": version}
        emit(event_name, {**self.identity(), **model, **fields})

    @never_raises
    def metric(self, split: str, of_class: Any = "_all", **scores: float) -> None:
        """Report scores on `split` (train, validation, test), of one class or of `_all`.

        `scores`: accuracy, precision, recall, f1, roc_auc, log_loss, brier, and any other by its name, e.g. rmse.
        What is no number is left out and reported.
        """
        known = {name: number_of(value) for name, value in scores.items()}
        self._emit_fact("ml.metric", {"split": split, "class": label(of_class), **known})

    @never_raises
    def class_balance(self, values: Iterable[Any], split: str = "train") -> Optional[float]:
        """Report count and share of each class among the labels `values`; those without one are `_missing`.

        Returns the imbalance ratio (largest class over smallest), or None without labels.
        """
        counts = _bounded(Counter(labels(values)[0]))
        total = sum(counts.values())
        for name, count in counts.items():
            self._emit_fact(
                "ml.class", {"class": name, "split": split, "count": float(count), "share": count / total}
            )
        sizes = [count for name, count in counts.items() if name != MISSING]
        return max(sizes) / min(sizes) if sizes else None

    @never_raises
    def outliers(self, feature: str, method: str, rows_before: int, rows_removed: int) -> None:
        """Report how many rows were removed because of their value of `feature`, by which method."""
        before, removed = number_of(rows_before), number_of(rows_removed)
        ratio = removed / before if before and removed is not None else 0.0
        fields = {"rows_before": before, "rows_removed": removed, "removed_ratio": ratio}
        self._emit_fact("ml.outliers", {"feature": feature, "method": method, **fields})

    @never_raises
    def drift(
        self,
        feature: str,
        reference: Iterable[Any],
        current: Iterable[Any],
        comparison: str = "new_vs_old",
        bins: int = 10,
        features: Optional[int] = None,
    ) -> Optional[str]:
        """Compare a feature's values in `current` with those in `reference` and report it.

        `comparison`: `new_vs_old` (this training data against the last) or `train_vs_val`. `features`: how many
        comparisons the run makes, where that is known: it sharpens the verdicts of small samples. Returns the
        verdict: none, warn, drift or insufficient_data; None where the values can't be compared, which is
        reported by an event and, once, by a warning.
        """
        position, self._comparisons = self._comparisons, self._comparisons + 1
        try:
            fields = compare(reference, current, bins, significance_of(position, features))
        except (TypeError, ValueError) as error:
            self._not_computed(f"the drift of {feature}", error)
            return None
        odd = fields.pop("odd_types", None)
        if odd:
            faults.add(f"drift: values of type {', '.join(odd)} compared by their text")
        return self._emit_drift(feature, comparison, fields)

    @never_raises
    def profile(self, columns: Any, path: Union[str, os.PathLike[str]]) -> None:
        """Write the reference profile of the training data to `path`, a few KB, to be kept beside the model.

        columns: a data frame, or a mapping of names to columns, of the model's features only.
        """
        try:
            Profile.of(columns, self.model, self.model_version).save(path)
        except (TypeError, ValueError, OSError) as error:
            self._not_computed("the reference profile", error)

    @never_raises
    def production_drift(
        self,
        profile: Union[str, os.PathLike[str], Profile],
        service: str,
        *,
        hours: float = 24,
        served: Any = None,
        bins: int = 10,
    ) -> Optional[dict[str, str]]:
        """Compare the features that the API `service` has served with the profile of the model's training.

        The samples of the last `hours` of the profile's model and version are read from InfluxDB, see
        `served_features`; `served` are others, by name. The events (`production_vs_training`) have the API's
        `service.name`, so that they are on its dashboard. Returns the verdict of each feature; None, reported by an
        event and a warning, where there is no profile or InfluxDB does not answer.
        """
        try:
            reference = profile if isinstance(profile, Profile) else Profile.load(profile)
            model, version = reference.model, reference.model_version
            if served is None:
                served = served_features(service, model=model, model_version=version, hours=hours)
            significance = significance_of(0, max(len(reference.features), 1))
            found = {
                name: feature.compare(served[name] if name in served else [], bins, significance)
                for name, feature in reference.features.items()
            }
        except (KeyError, TypeError, ValueError, OSError) as error:
            self._not_computed(f"the production drift of {service}", error)
            return None
        identity = {"service.name": service, "ml.model.name": model, "ml.model.version": version}
        return {
            name: self._emit_drift(name, "production_vs_training", fields, identity)
            for name, fields in found.items()
        }

    def _emit_drift(
        self, feature: str, comparison: str, fields: Mapping[str, Any], identity: Mapping[str, Any] = _SAME
    ) -> str:
        figures = {key: float(value) if isinstance(value, int) else value for key, value in fields.items()}
        self._emit_fact("ml.drift", {**identity, "feature": feature, "comparison": comparison, **figures})
        return str(fields["verdict"])

    def _not_computed(self, what: str, error: Exception) -> None:
        message = f"{what} was not computed: {type(error).__name__}: {error}"
        emit("log", {**self.identity(), **exception_fields(error)}, "WARN", message)
        # The caller of the method, behind this function and the decorator.
        warnings.warn(message, RuntimeWarning, stacklevel=4)

    @never_raises
    def confusion(self, actual: Iterable[Any], predicted: Iterable[Any], split: str = "test") -> None:
        """Report how often each actual class was predicted as which; pairs that never occur are left out."""
        columns = labels(actual, predicted)
        if len(columns[0]) != len(columns[1]):
            faults.add("run.confusion: actual and predicted are not of one length; the longer was cut")
        names = _bounded(Counter(name for column in columns for name in column))
        pairs = Counter(
            (of if of in names else OTHER, as_ if as_ in names else OTHER) for of, as_ in zip(*columns)
        )
        for (of, as_), count in pairs.items():
            self._emit_fact(
                "ml.confusion", {"actual": of, "predicted": as_, "split": split, "count": float(count)}
            )

    @never_raises
    def summary(
        self,
        rows: Optional[int] = None,
        features: Optional[int] = None,
        imbalance_ratio: Optional[float] = None,
        decision: Optional[str] = None,
        failed_checks: Sequence[str] = (),
        champion_version: Optional[str] = None,
        data_version: Optional[str] = None,
        git_revision: Optional[str] = None,
        parameters: Optional[Mapping[str, Any]] = None,
    ) -> None:
        """Report the run in one event. `git_revision` defaults to the environment's GIT_REVISION.

        parameters: those of the training, by names that begin with `param.`.
        """
        self._emit_fact(
            "ml.run.summary",
            {
                **(parameters or {}),
                "rows": number_of(rows),
                "features": number_of(features),
                "imbalance_ratio": number_of(imbalance_ratio),
                "decision": decision,
                "failed_checks": _joined(failed_checks),
                "champion_version": champion_version,
                "data_version": data_version,
                "git_revision": git_revision or os.environ.get("GIT_REVISION"),
            },
        )

    @never_raises
    def decision(self, decision: str, reason: str, approver: str = "pipeline") -> None:
        """Report whether the model may go to production: `approve` or `reject`, why, and who said so."""
        decision = str(decision).lower()
        if decision not in ("approve", "reject"):
            faults.add("run.decision: neither approve nor reject")
        self._emit_fact("ml.decision", {"decision": decision, "reason": reason, "approver": approver})


def number_of(value: Any) -> Optional[float]:
    """A float where `value` is a number (NumPy's too) or a duration in seconds; None, reported, for all else."""
    if is_missing(value):
        return None
    try:
        seconds = getattr(value, "total_seconds", None)
        return float(seconds() if callable(seconds) else value)
    except (TypeError, ValueError, OverflowError):
        faults.add(f"value of type {type(value).__name__} left out where a number is expected")
        return None


def _joined(names: Any) -> str:
    """Names as one text; a single text is one name."""
    if isinstance(names, str):
        return names
    return ", ".join(str(name) for name in names if name is not None)


def _bounded(counts: Counter[str]) -> dict[str, int]:
    """The MAX_CLASSES most frequent counts; the others summed as `_other`."""
    ordered = counts.most_common()
    kept = dict(ordered[:MAX_CLASSES])
    rest = sum(count for _, count in ordered[MAX_CLASSES:])
    if rest:
        kept[OTHER] = kept.get(OTHER, 0) + rest
    return kept
