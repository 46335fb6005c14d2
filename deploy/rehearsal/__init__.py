"""The embedded Azure to practise on: login, orders, vault, storage, a datacenter, an office's backup server, a clock.

It imports nothing of the product, so that a misunderstanding of ours cannot cancel itself out here. It speaks what
Azure was recorded to speak; where nobody could check the real service, the code says "not verified".
"""
