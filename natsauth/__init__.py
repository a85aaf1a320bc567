"""NATS decentralized authentication in pure Python."""
