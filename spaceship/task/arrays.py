"""Types of arrays that columns, labels and predictions are computed with."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Values = npt.NDArray[Any]
"""One value a row, such as the name of its group."""
Target = npt.NDArray[Any]
"""The label as estimators learn it: booleans, numbers of classes, or numbers."""
Estimator = Any
"""An estimator or a pipeline of scikit-learn, which has no types."""
