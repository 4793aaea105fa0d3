"""Networks that grow, as scikit-learn's estimators."""

from .classifier import GrowingClassifier
from .regressor import GrowingRegressor

__all__ = ["GrowingClassifier", "GrowingRegressor"]
