"""Panels beside other people's interactive plots, in one JupyterLab and one Chromium.

``python -m tests.bench.plots`` measures, prints a table with the targets beside the figures, and
writes ``build/bench/plots.json``. The clock is the page's: from the time stamp of a real wheel or
mouse event to the moment that new data is drawn, and one frame more.
"""
