"""Telling others outside what a scan came to: nothing unless the settings name a hook.

The only modules here that reach the network are `webhook`, `syslog` and `mail`, one for each way of
telling; each has `send(target, news)`, which returns when the other side took it, and raises
`OSError` when another attempt may do better or `Refusal` when none will.
"""
