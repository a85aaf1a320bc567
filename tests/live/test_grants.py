"""Each grant against real servers: what it promises works, and one step beyond is refused."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import nats.errors
import nats.micro
import pytest
from nats.js import api as jsapi
from nats.js.errors import APIError, KeyNotFoundError, NotFoundError, ServiceUnavailableError

from natsauth import grants
from tests.live._grants import INBOX, KINDS, OLDER, Kind, Place, api, sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nats.aio.msg import Msg

pytestmark = [pytest.mark.live, pytest.mark.slow]


@pytest.fixture(scope="module", params=KINDS, ids=str)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with sandbox(request.param, request.config.cache) as running:
        if request.param.version:
            assert running.version == request.param.version
        yield Place(running, request.param)


@pytest.fixture
def ordered(place: Place) -> Place:
    if place.acks_v2:
        pytest.skip("nats-py 2.16 cannot read the replies of js_ack_fc_v2 in ordered consumers")
    return place


@pytest.mark.asyncio
async def test_publish_stream(place: Place) -> None:
    grant = grants.publish_stream("PUB", subjects="pub.>", inbox=INBOX)
    async with place.admin() as admin, place.user(grant) as user:
        await admin.add_stream(name="PUB", subjects=["pub.>"])
        ack = await user.js.publish("pub.new", b"1")
        assert (ack.stream, ack.seq) == ("PUB", 1)
        future = await user.js.publish_async("pub.new", b"2")
        assert (await future).seq == 2
        await user.cannot_publish("pub")
        await user.cannot_subscribe("pub.new")
        await user.cannot_subscribe("_INBOX.somebody")
        await user.refused(user.js.stream_info("PUB"), api("STREAM.INFO.PUB"))
        await user.refused(user.js.purge_stream("PUB"), api("STREAM.PURGE.PUB"))
        assert (await admin.stream_info("PUB")).state.messages == 2


@pytest.mark.asyncio
async def test_publish_stream_without_subjects(place: Place) -> None:
    async with (
        place.admin() as admin,
        place.user(grants.publish_stream("BARE", inbox=INBOX)) as user,
    ):
        await admin.add_stream(name="BARE")
        assert (await user.js.publish("BARE", b"1")).stream == "BARE"
        await user.cannot_publish("BARE.below")


@pytest.mark.asyncio
async def test_pull_consumer(place: Place) -> None:
    grant = grants.pull_consumer("PULL", "worker", **place.options)
    async with place.admin() as admin, place.user(grant) as user:
        for stream in ("PULL", "PULL2"):
            await admin.add_stream(name=stream, subjects=[f"{stream}.>"])
            for durable in ("worker", "other"):
                await admin.add_consumer(stream, durable_name=durable, ack_policy="explicit")
        for number in range(5):
            await admin.publish("PULL.x", b"%d" % number)
        pull = await user.js.pull_subscribe("", durable="worker", stream="PULL")
        assert (await pull.consumer_info()).num_pending == 5
        first, second, third, *rest = await pull.fetch(5)
        await first.ack_sync(timeout=2)
        await second.in_progress()
        await second.ack()
        await third.nak()
        await rest[0].term()
        await rest[1].ack()
        (again,) = await pull.fetch(1)
        assert again.data == third.data
        assert again.metadata.num_delivered == 2
        await again.ack()
        await user.nc.flush()
        info = await admin.consumer_info("PULL", "worker")
        assert (info.num_pending, info.num_ack_pending) == (0, 0)

        for stream, durable in (("PULL", "other"), ("PULL2", "worker")):
            work = user.js.consumer_info(stream, durable)
            await user.refused(work, api(f"CONSUMER.INFO.{stream}.{durable}"))
            foreign = await user.js.pull_subscribe_bind(durable=durable, stream=stream)
            next_message = api(f"CONSUMER.MSG.NEXT.{stream}.{durable}")
            await user.refused(foreign.fetch(1), next_message)
            await user.cannot_publish(f"$JS.ACK.{stream}.{durable}.1.1.1.1.1")
            await user.cannot_publish(f"$JS.ACK._.hash.{stream}.{durable}.1.1.1.1.1")
        await user.refused(
            user.js.delete_consumer("PULL", "worker"), api("CONSUMER.DELETE.PULL.worker")
        )
        work = user.js.add_consumer("PULL", name="worker", durable_name="worker")
        await user.refused(work, api("CONSUMER.CREATE.PULL.worker"))
        await user.refused(user.js.stream_info("PULL"), api("STREAM.INFO.PULL"))
        await user.refused(user.js.get_msg("PULL", 1), api("STREAM.MSG.GET.PULL"))
        await user.cannot_publish("PULL.x")
        await user.cannot_subscribe("PULL.x")


@pytest.mark.asyncio
async def test_push_consumer(place: Place) -> None:
    grant = grants.push_consumer("PUSH", "worker", deliver="push.worker", **place.options)
    async with place.admin() as admin, place.user(grant) as user:
        await admin.add_stream(name="PUSH", subjects=["PUSH.>"])
        config = jsapi.ConsumerConfig(
            durable_name="worker",
            deliver_subject="push.worker",
            ack_policy=jsapi.AckPolicy.EXPLICIT,
            flow_control=True,
            idle_heartbeat=1,
        )
        await admin.add_consumer("PUSH", config)
        payload = b"x" * 64 * 1024
        for _ in range(40):  # enough for the server to ask for flow control
            await admin.publish("PUSH.x", payload)
        push = await user.js.subscribe_bind("PUSH", config, "worker")
        for _ in range(40):
            await (await push.next_msg(timeout=5)).ack()
        await user.nc.flush()
        info = await push.consumer_info()
        assert (info.num_pending, info.num_ack_pending) == (0, 0)
        await push.unsubscribe()

        await user.cannot_subscribe("push.other")
        await user.cannot_publish("$JS.FC.PUSH.other.x")
        await user.cannot_publish("$JS.FC._.hash.PUSH.other.x")
        await user.cannot_publish("$JS.ACK.PUSH.other.1.1.1.1.1")
        work = user.js.delete_consumer("PUSH", "worker")
        await user.refused(work, api("CONSUMER.DELETE.PUSH.worker"))


@pytest.mark.asyncio
async def test_push_consumer_of_a_queue_group(place: Place) -> None:
    grant = grants.push_consumer("Q", "crew", deliver="push.crew", queue="crew", **place.options)
    async with place.admin() as admin, place.user(grant) as user:
        await admin.add_stream(name="Q", subjects=["Q.>"])
        config = jsapi.ConsumerConfig(
            durable_name="crew", deliver_subject="push.crew", deliver_group="crew"
        )
        await admin.add_consumer("Q", config)
        await admin.publish("Q.x", b"1")
        push = await user.js.subscribe_bind("Q", config, "crew")
        message = await push.next_msg(timeout=2)
        await message.ack_sync(timeout=2)
        await push.unsubscribe()
        await user.cannot_subscribe("push.crew")
        await user.cannot_subscribe("push.crew", "another")


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.asyncio
async def test_kv_read(ordered: Place, *, direct: bool) -> None:
    bucket = f"read{direct}"
    async with (
        ordered.admin() as admin,
        ordered.user(grants.kv_read(bucket, **ordered.options)) as user,
    ):
        made = await admin.create_key_value(bucket=bucket, history=5, direct=direct)
        await admin.create_key_value(bucket="other" + bucket, direct=direct)
        revision = await made.put("eu.x", b"1")
        await made.put("eu.x", b"2")
        await made.put("us.x", b"3")
        kv = await user.js.key_value(bucket)
        assert (await kv.get("eu.x")).value == b"2"
        assert (await kv.get("eu.x", revision=revision)).value == b"1"
        with pytest.raises(KeyNotFoundError):
            await kv.get("none")
        assert sorted(await kv.keys()) == ["eu.x", "us.x"]
        assert [entry.value for entry in await kv.history("eu.x")] == [b"1", b"2"]
        assert (await kv.status()).values == 3
        watcher: Any = await kv.watch("eu.*")
        assert (await watcher.updates()).value == b"2"
        assert await watcher.updates() is None
        await made.put("eu.y", b"4")
        assert (await watcher.updates()).value == b"4"
        await watcher.stop()

        await user.refused(kv.put("eu.x", b"9"), f"$KV.{bucket}.eu.x")
        await user.refused(kv.delete("eu.x"), f"$KV.{bucket}.eu.x")
        await user.cannot_subscribe(f"$KV.{bucket}.eu.x")
        await user.refused(
            user.js.key_value("other" + bucket), api(f"STREAM.INFO.KV_other{bucket}")
        )
        get = f"KV_other{bucket}"
        work = user.js.get_last_msg(get, f"$KV.other{bucket}.x", direct=direct)
        missed = f"DIRECT.GET.{get}.$KV.other{bucket}.x" if direct else f"STREAM.MSG.GET.{get}"
        await user.refused(work, api(missed))
        stream = f"KV_{bucket}"
        await user.refused(user.js.purge_stream(stream), api(f"STREAM.PURGE.{stream}"))
        await user.refused(user.js.delete_key_value(bucket), api(f"STREAM.DELETE.{stream}"))


@pytest.mark.asyncio
async def test_kv_read_of_a_large_bucket(ordered: Place) -> None:
    # Enough for the server to ask for flow control.
    async with (
        ordered.admin() as admin,
        ordered.user(grants.kv_read("large", **ordered.options)) as user,
    ):
        made = await admin.create_key_value(bucket="large", direct=True)
        for number in range(40):
            await made.put(f"k{number}", b"x" * 64 * 1024)
        kv = await user.js.key_value("large")
        watcher: Any = await kv.watchall()
        for number in range(40):
            assert (await watcher.updates()).key == f"k{number}"
        assert await watcher.updates() is None
        await watcher.stop()


@pytest.mark.asyncio
async def test_kv_read_of_some_keys(ordered: Place) -> None:
    grant = grants.kv_read("some", keys=["eu.>", "top"], **ordered.options)
    async with ordered.admin() as admin, ordered.user(grant) as user:
        made = await admin.create_key_value(bucket="some", direct=True)
        await made.put("eu.x", b"1")
        await made.put("us.x", b"2")
        kv = await user.js.key_value("some")
        assert (await kv.get("eu.x")).value == b"1"
        config = jsapi.ConsumerConfig(name="eyes", inactive_threshold=30)
        watch = await user.js.subscribe(
            "$KV.some.eu.>", stream="KV_some", ordered_consumer=True, config=config
        )
        assert (await watch.next_msg()).data == b"1"
        await made.put("eu.y", b"3")
        assert (await watch.next_msg()).data == b"3"
        await watch.unsubscribe()

        await user.refused(kv.get("us.x"), api("DIRECT.GET.KV_some.$KV.some.us.x"))
        await user.refused(kv.get("top", revision=2), api("DIRECT.GET.KV_some"))
        await user.refused(user.js.get_msg("KV_some", 2), api("STREAM.MSG.GET.KV_some"))
        await user.refused(kv.watch("eu.>"), api("CONSUMER.CREATE.KV_some"))
        work = user.js.pull_subscribe("$KV.some.us.>", durable="us", stream="KV_some")
        await user.refused(work, api("CONSUMER.CREATE.KV_some.us.$KV.some.us.>"))
        await user.refused(kv.put("eu.x", b"9"), "$KV.some.eu.x")

        # What the documentation warns of: the status tells the names of all keys.
        info = await user.js.stream_info("KV_some", subjects_filter=">")
        assert info.state.subjects == {"$KV.some.eu.x": 1, "$KV.some.eu.y": 1, "$KV.some.us.x": 1}

        # Nor is a key read through the request for another one.
        subject = api("DIRECT.GET.KV_some.$KV.some.eu.x")
        for wish in (
            {"last_by_subj": "$KV.some.us.x"},
            {"multi_last": ["$KV.some.us.x"]},
            {"next_by_subj": "$KV.some.us.x", "seq": 1},
            {"seq": 2},
            {"seq": 1, "batch": 2},
        ):
            reply = await user.nc.request(subject, json.dumps(wish).encode(), timeout=2)
            assert reply.headers is not None
            assert reply.headers.get("Nats-Subject", "$KV.some.eu.x") == "$KV.some.eu.x"
            assert reply.data != b"2"

        # The server compares the filter in the subject with those in the request.
        subject = api("CONSUMER.CREATE.KV_some.liar.$KV.some.eu.>")
        for filters in (
            {"filter_subject": "$KV.some.us.>"},
            {"filter_subjects": ["$KV.some.us.>"]},
            {},
        ):
            liar = {"name": "liar", "deliver_subject": f"{INBOX}.liar", **filters}
            request = json.dumps({"stream_name": "KV_some", "config": liar}).encode()
            answer = json.loads((await user.nc.request(subject, request, timeout=2)).data)
            assert answer["error"]["code"] == 400


@pytest.mark.asyncio
async def test_a_final_star_lets_ask_for_all_below(place: Place) -> None:
    # Why kv_read takes no keys that end so: nats-server takes the > for a token like any other.
    star = grants.kv_read("deep", keys="eu.>", **place.options)
    star.pub.allow = [re.sub(r">$", "*", subject) for subject in star.pub.allow or ()]
    async with place.admin() as admin, place.user(star) as user:
        made = await admin.create_key_value(bucket="deep", direct=True)
        await made.put("eu.x.secret", b"1")
        subject = api("DIRECT.GET.KV_deep.$KV.deep.eu.>")
        assert (await user.nc.request(subject, b"", timeout=2)).data == b"1"


@pytest.mark.asyncio
async def test_kv_write(place: Place) -> None:
    async with (
        place.admin() as admin,
        place.user(grants.kv_write("write", **place.options)) as user,
    ):
        made = await admin.create_key_value(bucket="write", direct=True)
        await admin.create_key_value(bucket="write2", direct=True)
        kv = await user.js.key_value("write")
        revision = await kv.create("a.b", b"1")
        await kv.update("a.b", b"2", last=revision)
        await kv.put("c", b"3")
        assert (await made.get("a.b")).value == b"2"
        await kv.delete("a.b")
        await kv.purge("c")
        assert (await kv.status()).values == 2
        with pytest.raises(KeyNotFoundError):
            await made.get("c")

        await user.refused(kv.get("a.b"), api("DIRECT.GET.KV_write.$KV.write.a.b"))
        await user.refused(kv.watchall(), api("CONSUMER.CREATE.KV_write"))
        await user.cannot_publish("$KV.write2.a")
        await user.refused(user.js.purge_stream("KV_write"), api("STREAM.PURGE.KV_write"))
        await user.refused(user.js.create_key_value(bucket="write"), api("STREAM.CREATE.KV_write"))


@pytest.mark.asyncio
async def test_kv_write_of_some_keys(place: Place) -> None:
    grant = grants.kv_write("mine", keys="eu.>", **place.options)
    async with place.admin() as admin, place.user(grant) as user:
        made = await admin.create_key_value(bucket="mine", direct=True)
        await made.put("us.x", b"1")
        kv = await user.js.key_value("mine")
        await kv.put("eu.x", b"2")
        await user.refused(kv.put("us.x", b"3"), "$KV.mine.us.x")
        await user.refused(kv.put("eu", b"3"), "$KV.mine.eu")
        assert (await made.get("us.x")).value == b"1"

        # What the documentation warns of: a message may ask to roll up all others.
        await user.js.publish("$KV.mine.eu.x", b"", headers={"Nats-Rollup": "all"})
        with pytest.raises(KeyNotFoundError):
            await made.get("us.x")


@pytest.mark.asyncio
async def test_kv_read_and_write_together(place: Place) -> None:
    grant = grants.kv_read("both", **place.options) | grants.kv_write("both", **place.options)
    async with place.admin() as admin, place.user(grant) as user:
        await admin.create_key_value(bucket="both", direct=True)
        kv = await user.js.key_value("both")
        await kv.put("a", b"1")
        await kv.delete("a")
        await kv.create("a", b"2")  # for which it reads what was deleted
        assert (await kv.get("a")).value == b"2"


@pytest.mark.asyncio
async def test_kv_write_by_a_client_that_prefixes_keys(place: Place) -> None:
    if place.domain is None:
        pytest.skip("there is no prefix outside of domains")
    grant = grants.kv_write("prefixed", keys="eu.>", **place.options)
    async with place.admin() as admin, place.user(grant) as user:
        made = await admin.create_key_value(bucket="prefixed", direct=True)
        await user.js.publish(f"$JS.{place.domain}.API.$KV.prefixed.eu.x", b"1")
        assert (await made.get("eu.x")).value == b"1"


@pytest.mark.asyncio
async def test_object_store_for_reading(ordered: Place) -> None:
    async with (
        ordered.admin() as admin,
        ordered.user(grants.object_store("files", **ordered.options)) as user,
    ):
        made = await admin.create_object_store("files")
        await admin.create_object_store("files2")
        content = b"y" * 1024 * 1024
        await made.put("a file.txt", content)
        store = await user.js.object_store("files")
        assert (await store.get_info("a file.txt")).size == len(content)
        assert (await store.get("a file.txt")).data == content
        assert [info.name for info in await store.list()] == ["a file.txt"]
        assert (await store.status()).bucket == "files"

        purge = user.js.purge_stream("OBJ_files")
        await user.refused(purge, api("STREAM.PURGE.OBJ_files"))
        await user.cannot_publish("$O.files.C.x")
        await user.cannot_publish("$O.files.M.x")
        await user.refused(user.js.object_store("files2"), api("STREAM.INFO.OBJ_files2"))
        await user.refused(user.js.delete_object_store("files"), api("STREAM.DELETE.OBJ_files"))
        assert (await made.get("a file.txt")).data == content


@pytest.mark.asyncio
async def test_object_store_for_writing(ordered: Place) -> None:
    grant = grants.object_store("own", write=True, **ordered.options)
    async with ordered.admin() as admin, ordered.user(grant) as user:
        await admin.create_object_store("own")
        store: Any = await user.js.object_store("own")
        await store.put("a", b"1")
        await store.put("a", b"22")  # reordereds, and purges the former
        assert (await store.get("a")).data == b"22"
        await store.update_meta("a", jsapi.ObjectMeta(name="a", description="words"))
        assert (await store.get_info("a")).description == "words"
        await store.delete("a")
        with pytest.raises(NotFoundError):
            await store.get_info("a")
        await user.cannot_publish("$O.other.C.x")
        await user.refused(store.seal(), api("STREAM.UPDATE.OBJ_own"))
        await user.refused(user.js.delete_object_store("own"), api("STREAM.DELETE.OBJ_own"))


@pytest.mark.asyncio
async def test_manage_stream(place: Place) -> None:
    async with place.user(grants.manage_stream("MANAGED", **place.options)) as user:
        js = user.js
        await js.add_stream(name="MANAGED", subjects=["managed.>"], allow_direct=True)
        await js.update_stream(
            name="MANAGED", subjects=["managed.>"], allow_direct=True, max_msgs=9
        )
        async with place.admin() as admin:
            await admin.add_stream(name="UNMANAGED", subjects=["unmanaged"])
            for _ in range(3):
                await admin.publish("managed.x", b"1")
        assert (await js.stream_info("MANAGED")).state.messages == 3
        assert (await js.get_msg("MANAGED", 1)).data == b"1"
        assert (await js.get_msg("MANAGED", 1, direct=True)).data == b"1"
        assert (await js.get_last_msg("MANAGED", "managed.x", direct=True)).seq == 3
        assert await js.delete_msg("MANAGED", 2)
        await js.add_consumer("MANAGED", name="named", filter_subject="managed.x")
        await js.add_consumer("MANAGED", durable_name="legacy", ack_policy="explicit")
        assert (await js.consumer_info("MANAGED", "legacy")).name == "legacy"
        assert {info.name for info in await js.consumers_info("MANAGED")} == {"named", "legacy"}
        await js.pause_consumer("MANAGED", "legacy", "2100-01-01T00:00:00Z")
        await js.resume_consumer("MANAGED", "legacy")
        assert await js.delete_consumer("MANAGED", "named")
        await js.purge_stream("MANAGED")

        await user.cannot_publish("managed.x")
        await user.refused(js.stream_info("UNMANAGED"), api("STREAM.INFO.UNMANAGED"))
        await user.refused(js.delete_stream("UNMANAGED"), api("STREAM.DELETE.UNMANAGED"))
        work = js.add_stream(name="MANAGED2", subjects=["managed2"])
        await user.refused(work, api("STREAM.CREATE.MANAGED2"))
        await user.refused(js.streams_info(), api("STREAM.LIST"))
        await user.refused(js.account_info(), api("INFO"))
        await user.cannot_publish(api("CONSUMER.MSG.NEXT.MANAGED.legacy"))
        assert await js.delete_stream("MANAGED")


@pytest.mark.asyncio
async def test_manage_stream_as_a_bucket(place: Place) -> None:
    async with place.user(grants.manage_stream("KV_made", **place.options)) as user:
        await user.js.create_key_value(bucket="made", history=3)
        assert await user.js.delete_key_value("made")


@pytest.mark.asyncio
async def test_manage_stream_reaches_further_than_its_stream(place: Place) -> None:
    # What the documentation warns of: servers look at no permissions for what streams do.
    async with (
        place.admin() as admin,
        place.user(grants.manage_stream("COPY", **place.options)) as user,
    ):
        await admin.add_stream(name="SECRET", subjects=["secret"])
        await admin.publish("secret", b"1")
        await user.js.add_stream(name="COPY", mirror=jsapi.StreamSource(name="SECRET"))
        for _ in range(50):
            if (await user.js.stream_info("COPY")).state.messages:
                break
            await asyncio.sleep(0.05)
        assert (await user.js.get_msg("COPY", 1)).data == b"1"


@pytest.mark.asyncio
async def test_consumers_deliver_anywhere(place: Place) -> None:
    # What the documentation warns of: who may create a consumer chooses where it delivers.
    async with (
        place.admin() as admin,
        place.sandbox.connect("admin") as somebody,
        place.user(grants.kv_read("source", **place.options)) as user,
    ):
        made = await admin.create_key_value(bucket="source", direct=True)
        await made.put("a", b"1")
        elsewhere = await somebody.subscribe("elsewhere")
        await somebody.flush()
        await user.js.add_consumer("KV_source", deliver_subject="elsewhere", ack_policy="none")
        message = await elsewhere.next_msg(timeout=2)
        assert (message.subject, message.data) == ("$KV.source.a", b"1")
        await user.cannot_publish("elsewhere")


@pytest.mark.asyncio
async def test_service(place: Place) -> None:
    own = f"calc{place.sandbox.version.replace('.', '')}"
    async with (
        place.sandbox.connect("admin") as admin,
        place.user(grants.service(own)) as user,
        place.user(grants.request_reply(f"{own}.*", inbox=INBOX)) as client,
    ):
        service = await nats.micro.add_service(user.nc, name=own, version="1.0.0")

        async def double(request: Any) -> None:
            await request.respond(request.data * 2)

        await service.add_group(name=own).add_endpoint(name="double", handler=double)
        await user.nc.flush()
        assert (await client.nc.request(f"{own}.double", b"ab", timeout=2)).data == b"abab"
        for verb in ("PING", "INFO", "STATS"):
            for whose in ("", f".{own}", f".{own}.{service.id}"):
                answer = await admin.request(f"$SRV.{verb}{whose}", b"", timeout=2)
                assert json.loads(answer.data)["name"] == own
        await user.cannot_subscribe("$SRV.PING.other")
        await user.cannot_subscribe("calculator.double")
        await user.cannot_subscribe("_INBOX.somebody")
        await user.cannot_publish(f"{own}.double")
        await user.cannot_publish("_INBOX.somebody")
        await client.cannot_publish("$SRV.PING")
        await service.stop()


@pytest.mark.asyncio
async def test_request_reply(place: Place) -> None:
    async with (
        place.sandbox.connect("admin") as admin,
        place.user(grants.request_reply("ask.*", inbox=INBOX)) as user,
    ):

        async def answer(message: Msg) -> None:
            await message.respond(b"yes")

        await admin.subscribe("ask.>", cb=answer)
        await admin.flush()
        assert (await user.nc.request("ask.x", b"", timeout=2)).data == b"yes"
        await user.refused(user.nc.request("ask.x.y", b""), "ask.x.y")
        await user.cannot_subscribe("ask.x")
        await user.cannot_subscribe("_INBOX.>")
        await user.cannot_subscribe(f"{INBOX}2.x")


@pytest.mark.asyncio
async def test_monitoring(place: Place) -> None:
    sandbox = place.sandbox
    account = sandbox.account.public_key
    creds = sandbox.add_user(
        "monitor", grants.monitoring(inbox=INBOX), account=sandbox.system_account.name
    )
    async with sandbox.connect(creds, inbox_prefix=INBOX) as nc:

        async def ask(subject: str) -> Any:
            return json.loads((await nc.request(subject, b"{}", timeout=2)).data)

        server = (await ask("$SYS.REQ.SERVER.PING"))["server"]["id"]
        names = "ACCOUNTZ CONNZ GATEWAYZ HEALTHZ JSZ LEAFZ ROUTEZ STATSZ SUBSZ VARZ IDZ EXPVARZ"
        for name in names.split():
            for who in ("PING", server):
                answer = await ask(f"$SYS.REQ.SERVER.{who}.{name}")
                assert "error" not in answer, (name, answer)
        for name in ("CONNZ", "INFO", "JSZ", "LEAFZ", "SUBSZ"):
            assert "error" not in await ask(f"$SYS.REQ.ACCOUNT.{account}.{name}")
        assert "error" not in await ask("$SYS.REQ.ACCOUNT.PING.STATZ")
        events = await nc.subscribe("$SYS.ACCOUNT.*.CONNECT")
        await nc.flush()
        async with sandbox.connect("admin"):
            event = json.loads((await events.next_msg(timeout=2)).data)
        assert event["client"]["acc"] == account
        assert nc.errors == []
        for subject in (
            f"$SYS.REQ.SERVER.{server}.RELOAD",
            f"$SYS.REQ.SERVER.{server}.KICK",
            f"$SYS.REQ.SERVER.{server}.PROFILEZ",
            "$SYS.REQ.CLAIMS.UPDATE",
            "$SYS.REQ.CLAIMS.LIST",
            "$SYS.REQ.CLAIMS.DELETE",
            f"$SYS.REQ.ACCOUNT.{account}.CLAIMS.LOOKUP",
        ):
            nc.errors.clear()
            with pytest.raises((nats.errors.TimeoutError, nats.errors.NoRespondersError)):
                await nc.request(subject, b"", timeout=0.2)
            await nc.flush()
            assert "permissions violation" in str(nc.errors[0])


@pytest.mark.asyncio
async def test_an_account_by_default(place: Place) -> None:
    # Who has no permissions of its own gets those of its account.
    name = f"defaults{place.sandbox.version.replace('.', '')}"
    node = place.sandbox.add_account(name)
    node.claims.nats.default_permissions = grants.request_reply("ask", inbox=INBOX)
    place.sandbox.commit()
    creds = place.sandbox.add_user("plain", account=name)
    async with place.sandbox.connect(creds, inbox_prefix=INBOX) as nc:
        with pytest.raises(nats.errors.NoRespondersError):
            await nc.request("ask", b"", timeout=2)
        await nc.publish("tell", b"")
        await nc.flush()
        assert "permissions violation" in str(nc.errors)


@pytest.mark.asyncio
@pytest.mark.parametrize("version", [OLDER, ""])
async def test_a_domain_behind_a_leaf_node(
    request: pytest.FixtureRequest, tmp_path: Path, version: str
) -> None:
    # There nobody maps the prefix away before permissions are looked at.
    cache = request.config.cache
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    listening = f"leafnodes {{ listen: '127.0.0.1:{port}' }}"
    with sandbox(Kind(version, "hub", listening), cache) as hub:
        file = tmp_path / "leaf.creds"
        hub.add_user("leaf").write(file)
        remote = f"url: 'nats-leaf://127.0.0.1:{port}', credentials: '{file}'"
        account = hub.account.public_key
        joining = f"leafnodes {{ remotes: [ {{ {remote}, account: {account} }} ] }}"
        leaf_kind = Kind(version, "leaf", joining)
        with sandbox(leaf_kind, cache, authority=hub.authority, account="app") as leaf:
            place = Place(leaf, Kind(domain="hub"))
            options = place.options
            grant = grants.kv_read("far", keys="eu.>", **options) | grants.kv_write(
                "far", keys="eu.>", **options
            )
            grant |= grants.pull_consumer("FAR", "worker", **options)
            async with place.admin() as admin, place.user(grant) as user:
                for _ in range(100):
                    with suppress(ServiceUnavailableError, nats.errors.TimeoutError):
                        made = await admin.create_key_value(bucket="far", direct=True)
                        break
                    await asyncio.sleep(0.05)
                await admin.add_stream(name="FAR", subjects=["far"])
                await admin.add_consumer("FAR", durable_name="worker", ack_policy="explicit")
                kv = await user.js.key_value("far")
                await user.js.publish("$JS.hub.API.$KV.far.eu.x", b"1")
                assert (await kv.get("eu.x")).value == b"1"
                assert (await made.get("eu.x")).value == b"1"
                await admin.publish("far", b"2")
                pull = await user.js.pull_subscribe_bind(durable="worker", stream="FAR")
                (message,) = await pull.fetch(1)
                await message.ack_sync(timeout=2)
                work = user.js.purge_stream("KV_far")
                await user.refused(work, "$JS.hub.API.STREAM.PURGE.KV_far")
                await user.refused(kv.get("us"), "$JS.hub.API.DIRECT.GET.KV_far.$KV.far.us")


@pytest.mark.asyncio
async def test_errors_of_the_api_are_not_those_of_permissions(place: Place) -> None:
    async with place.user(grants.kv_read("missing", **place.options)) as user:
        with pytest.raises(APIError):
            await user.js.stream_info("KV_missing")
