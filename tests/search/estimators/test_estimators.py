"""The estimators by scikit-learn's own checks, in its searches and pipelines, pickled, and fitted bit by bit."""

import pickle

import numpy as np
import pytest
from neurograph.search import GrowingClassifier, GrowingRegressor
from sklearn.datasets import load_iris, make_multilabel_classification, make_regression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from neurograph.errors import OptionError

X, Y = load_iris(return_X_y=True)
FEW = {"epochs": 60, "learning_rate": 0.02, "options": {"measured": 0}}


@parametrize_with_checks([GrowingClassifier((8,), **FEW), GrowingRegressor((8,), **FEW)])
@pytest.mark.filterwarnings("ignore:.*leave one over:UserWarning")
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_in_a_grid_search_over_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), GrowingClassifier(epochs=20, method="train", random_state=0))
    found = GridSearchCV(pipeline, {"growingclassifier__hidden": [(1,), (8,)]}, cv=2).fit(X, Y)
    assert found.best_params_["growingclassifier__hidden"] == (8,)


def test_it_grows_and_says_how():
    model = GrowingClassifier((4,), random_state=0, options={"growth_limit": 24}).fit(X, Y)
    assert model.score(X, Y) > 0.9
    assert 4 < len(model.graph_.population("hidden1")) <= 24
    assert len(model.history_) == 60 and any(row["edit"] for row in model.history_)
    stays = GrowingClassifier((4,), method="train", epochs=3, random_state=0).fit(X, Y)
    assert len(stays.graph_.population("hidden1")) == 4


def test_a_pickle_answers_alike_and_learns_on():
    texts = np.array(["setosa", "versicolor", "virginica"])[Y]
    one = GrowingClassifier((4,), epochs=3, random_state=0)
    for _ in range(3):
        one.partial_fit(X, texts, classes=np.unique(texts))
    two = pickle.loads(pickle.dumps(one))
    assert (one.predict_proba(X) == two.predict_proba(X)).all()
    assert (one.partial_fit(X, texts).predict_proba(X) == two.partial_fit(X, texts).predict_proba(X)).all()
    assert len(two.history_) == 4


def test_partial_fits_learn_and_grow():
    model = GrowingClassifier((3,), random_state=0, options={"first_cycle": 2, "cycle": 2, "slope": 1.0})
    before = model.partial_fit(X, Y).history_[0]["train_loss"]
    for _ in range(11):
        model.partial_fit(X, Y)
    assert model.history_[-1]["train_loss"] < before / 2
    assert len(model.graph_.population("hidden1")) > 3
    with pytest.raises(ValueError, match="none of the classes"):
        model.partial_fit(X, Y + 1)


def test_a_fit_that_held_some_out_is_followed_by_partial_fits_that_do_not():
    """A cycle of epochs of both kinds is judged by the error that all of them have."""
    options = {"first_cycle": 2, "cycle": 2, "slope": 1.0}
    model = GrowingClassifier((3,), validation=0.2, epochs=4, random_state=0, options=options).fit(X, Y)
    for _ in range(3):
        model.partial_fit(X, Y)
    events = [row["event"]["error"] for row in model.history_ if row.get("event")]
    assert set(events) == {"validation_error", "train_error"}


def test_where_nothing_can_metabolize_the_way_out_is_named():
    with pytest.raises(OptionError, match="begin with a hidden layer.*expand"):
        GrowingClassifier(()).fit(X, Y)


def test_several_labels_and_several_numbers():
    x, labels = make_multilabel_classification(200, 8, n_classes=3, random_state=0)
    several = GrowingClassifier(random_state=0).fit(x, labels)
    assert several.predict(x).shape == labels.shape and (several.predict(x) == labels).mean() > 0.85
    x, numbers = make_regression(200, 5, n_targets=2, random_state=0)
    both = GrowingRegressor(random_state=0, loss="huber").fit(x, 1000 * numbers + 5)
    assert both.predict(x).shape == (200, 2) and both.score(x, 1000 * numbers + 5) > 0.9


def test_a_method_that_is_not_there_is_named():
    with pytest.raises(OptionError, match="no method 'grow'.*metabolize"):
        GrowingClassifier(method="grow").fit(X, Y)
