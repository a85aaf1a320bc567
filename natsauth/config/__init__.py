"""Configuration text for nats-server."""

from natsauth.config.resolver import ResolverKind, render_resolver

__all__ = ["ResolverKind", "render_resolver"]
