"""The error of a route that cannot be rendered."""


class CannotRenderError(Exception):
    """A route for which there is no connector configuration yet."""
