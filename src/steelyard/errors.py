"""Every error steelyard raises on purpose; the message says got, can take, do next."""


class SteelyardError(ValueError):
    """Something about the data or the request is wrong and the user can mend it.

    The command line prints the message on one line and exits with status 1.
    """


class DataError(SteelyardError):
    """The table cannot be read or used as it is."""


class TargetError(DataError):
    """The target column is absent, has one class, or has classes too small for the request."""


class RequestError(SteelyardError):
    """An argument has a value that steelyard cannot take."""


class ClassCountError(SteelyardError):
    """Class counts disagree with the data, the logits, or with themselves."""


class EmptyClassError(SteelyardError):
    """A class that must be drawn from has no rows."""


class TargetCountError(SteelyardError):
    """A sampling strategy asks for a number of rows that the sampler cannot give."""


class WeightError(SteelyardError):
    """Class or sample weights that would be ignored or misread by Keras."""


class GoalError(SteelyardError):
    """A decision goal that no threshold can reach, or that does not fit the classes."""


class RunError(SteelyardError):
    """A run directory is absent, unfinished, damaged, or belongs to another request."""


class WorkerError(SteelyardError):
    """Work that was handed to other processes or machines could not be done there."""


class MissingDependencyError(SteelyardError, ImportError):
    """An optional package is needed; the message names the install command."""


class SteelyardWarning(UserWarning):
    """Something that should be known of a result, and does not stand against it."""
