"""How a deployment is operated: the command ``streamops``.

``main`` holds the root of the command tree, each group is a package with one module a verb, and what the verbs share
stands beside them: ``output`` (what is said), ``plan`` and ``change`` (how anything is changed), ``errors`` (how it
fails), ``aws`` and ``kafka`` (how an environment is reached).
"""
