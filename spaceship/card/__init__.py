"""Model card of a run: its figures as one record, as Markdown and as an HTML report."""
