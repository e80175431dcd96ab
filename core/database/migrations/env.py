"""Called by Alembic for each upgrade, which runs in the transaction of its caller."""

from alembic import context

__all__: list[str] = []

if hasattr(context, "config"):  # whoever looks at all modules imports this one without Alembic at work
    context.configure(connection=context.config.attributes["connection"])
    context.run_migrations()
