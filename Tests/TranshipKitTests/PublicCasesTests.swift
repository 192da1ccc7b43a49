// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceModel
import GlanceServer
import HTTPTransport
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import SourceReaders
import TestSupport
import Testing

@testable import TranshipKit

/// Complete runs between two clouds that differ from the newest Glance: old, restricted or busy.
/// Each test is a case from a public report.
@Suite(.timeLimit(.minutes(5))) struct PublicCasesTests {
    private let folder: TemporaryFolder
    private let alpha: GlanceServer
    private let beta: GlanceServer
    private let warnings = Warnings()

    private final class Warnings: Sendable {
        let texts = Guarded<[String]>([])
    }

    init() throws {
        folder = try TemporaryFolder()
        alpha = try GlanceServer()
        beta = try GlanceServer()
    }

    private struct Result {
        var items: [PlanItem]
        var transfers: [Transfer]
        var exit: MigrationModel.ExitStatus

        func item(_ name: String) -> PlanItem? { items.first { $0.source.displayName == name } }

        func transfer(_ name: String) -> Transfer? {
            transfers.first { $0.source.displayName == name }
        }
    }

    private func run(
        source: String = "", target: String = "", _ settings: String = "",
        at other: GlanceServer? = nil
    ) async throws -> Result {
        let pipeline = try Pipeline.parse(
            text: """
                version: 1
                name: cases
                \(settings)
                sources: [{ cloud: alpha\(source) }]
                targets: [{ cloud: beta\(target) }]
                """, file: folder.file("cases.yaml"), environment: [:])
        let path = folder.file("journal.sqlite")
        _ = await eventually { Journal.holder(path: path) == nil }
        var tuning = RunTuning()
        tuning.connections = ModelClouds(
            urls: ["alpha": alpha.url, "beta": (other ?? beta).url])
        let warnings = warnings
        let run = PipelineRun(
            pipeline, journal: try await .open(path: path), environment: [:], tuning: tuning,
            planning: { event in
                guard case .warning(let warning) = event else { return }
                warnings.texts.withLock { $0.append(warning.words) }
            })
        let plan = try await run.plan()
        var items: [PlanItem] = []
        try await plan.items { items += $0 }
        let summary = try await run.carryOut(plan)
        let transfers = try await summary.status.transfers(
            in: TransferState.allCases, limit: 1000)
        return Result(items: items, transfers: transfers, exit: summary.exitStatus)
    }

    private func put(_ id: String, _ fields: [String: JSONValue] = [:]) {
        let all: [String: JSONValue] = [
            "name": .string(id), "disk_format": "raw", "container_format": "bare",
        ]
        alpha.put(
            id, data: noise(1000, seed: UInt64(id.utf8.reduce(0) { $0 + Int($1) })),
            all.merging(fields) { $1 })
    }

    private func versions(_ id: String, at cloud: GlanceServer) {
        cloud.answer(
            "GET", "/versions",
            with: .status(200, text: #"{"versions":[{"id":"\#(id)","status":"CURRENT"}]}"#))
    }

    private func schema(disk: [String], container: [String]) {
        func list(_ values: [String]) -> String {
            "[null," + values.map { "\"\($0)\"" }.joined(separator: ",") + "]"
        }
        beta.answer(
            "GET", "/v2/schemas/image",
            with: .status(
                200,
                text: """
                    {"name":"image","properties":{"disk_format":{"enum":\(list(disk))},
                    "container_format":{"enum":\(list(container))}}}
                    """))
    }

    // MARK: Old services

    @Test func `A source and a target without hidden images are listed whole`() async throws {
        for name in ["a", "b", "c"] { put(name) }
        for cloud in [alpha, beta] {
            versions("v2.6", at: cloud)
            // A service takes an unknown condition for a property, which no image has.
            cloud.answer(with: .status(200, text: #"{"images":[]}"#)) {
                $0.path == "/v2/images" && $0.target.contains("os_hidden")
            }
        }
        let result = try await run(source: ", images: { hidden: any }")
        #expect(result.items.map(\.action) == [.create, .create, .create])
        #expect(result.exit == .done && beta.ids.count == 3)
        #expect(try await run().items.map(\.action) == [.skip, .skip, .skip])
    }

    @Test func `What an old target does not know is refused in the plan`() async throws {
        put("hidden", ["os_hidden": true])
        put("community", ["visibility": "community"])
        put("plain")
        versions("v2.3", at: beta)
        let result = try await run(source: ", images: { hidden: any }")
        #expect(result.item("hidden")?.action == .refuse)
        #expect(result.item("hidden")?.refusal?.message.contains("API 2.3") == true)
        #expect(result.item("community")?.action == .refuse)
        #expect(result.item("plain")?.action == .create)
        #expect(result.exit == .someFailed && beta.ids.count == 1)
    }

    // MARK: Formats

    @Test func `Formats that the target does not take are refused in the plan, with its list`()
        async throws
    {
        put("cow", ["disk_format": "qcow2"])
        put("ovf", ["container_format": "ovf"])
        put("plain")
        schema(disk: ["raw", "iso"], container: ["bare"])
        let result = try await run()
        #expect(result.item("cow")?.refusal?.message.hasSuffix("qcow2, only raw, iso") == true)
        #expect(result.item("ovf")?.refusal?.message.hasSuffix("ovf, only bare") == true)
        #expect(result.item("plain")?.action == .create)
        #expect(result.exit == .someFailed && beta.ids.count == 1)
        #expect(alpha.asked.count { $0.hasSuffix("/file") } == 1)
    }

    @Test func `A copy that is there already is not refused by a format`() async throws {
        put("plain")
        let first = try await run()
        #expect(first.exit == .done, "\(first.transfers.map(\.failure))")
        schema(disk: ["qcow2"], container: ["bare"])
        #expect(try await run().items.map(\.action) == [.skip])
    }

    @Test func `If the schema is silent, the first refusal of a format counts for the rest`()
        async throws
    {
        for name in ["cow1", "cow2", "cow3"] { put(name, ["disk_format": "qcow2"]) }
        beta.refuse(
            "POST", "/v2/images", status: 400,
            text:
                #"{"message":"Provided object does not match schema 'image': 'qcow2' is not one of [None, 'raw']"}"#
        )
        let result = try await run("limits: { images: 1 }")
        #expect(result.exit == .someFailed)
        #expect(result.transfers.allSatisfy { $0.failure?.code == .badRequest })
        #expect(result.transfers.allSatisfy { $0.failure?.hint?.contains("doctor") == true })
        #expect(beta.changes == ["POST /v3/auth/tokens", "POST /v2/images"])
        #expect(alpha.asked.count { $0.hasSuffix("/file") } <= 1)
    }

    // MARK: Limits

    /// Makes a target that accepts the given number of properties for one image.
    private func target(properties: Int) throws -> GlanceServer {
        var settings = GlanceModel.Settings()
        settings.propertiesMax = properties
        return try GlanceServer(settings)
    }

    @Test func `Our marker tips over a limit: the plan warns, one image fails and reads nothing`()
        async throws
    {
        let many = (1...128).map { ("p\($0)", JSONValue.string("x")) }
        put("many", Dictionary(uniqueKeysWithValues: many))
        for name in ["a", "b"] { put(name) }
        let result = try await run()
        #expect(result.exit == .someFailed)
        #expect(result.transfer("many")?.state == .failed)
        #expect(result.transfer("many")?.failure?.code == .quotaExceeded)
        let hint = result.transfer("many")?.failure?.hint
        #expect(hint?.contains("tranship_origin is one of the 129") == true)
        #expect(hint?.contains("drop") == true)
        #expect(result.transfer("a")?.state == .done && result.transfer("b")?.state == .done)
        #expect(!alpha.asked.contains("GET /v2/images/many/file"))
        #expect(beta.ids.count == 2)
        #expect(warnings.texts.withLock { $0 }.contains { $0.contains("129 properties") })
        let dropped = try await run(target: #", image: { properties: { drop: ["p1"] } }"#)
        #expect(dropped.exit == .done && beta.ids.count == 3)
    }

    @Test func `A lower limit is learnt from its first refusal`() async throws {
        for name in ["a", "b", "c"] { put(name, ["p1": "x", "p2": "x", "p3": "x"]) }
        put("few", ["p1": "x"])
        let narrow = try target(properties: 3)
        let result = try await run("limits: { images: 1 }", at: narrow)
        #expect(result.transfers.count { $0.state == .failed } == 3)
        #expect(result.transfer("few")?.state == .done)
        #expect(narrow.changes.count { $0 == "POST /v2/images" } == 2)
    }

    @Test func `If no property fits, the risk of a copy without our marker is explained`()
        async throws
    {
        put("a")
        let narrow = try target(properties: 0)
        let result = try await run(at: narrow)
        let hint = result.transfer("a")?.failure?.hint
        #expect(hint?.contains("nothing is copied without our marker tranship_origin") == true)
        #expect(narrow.ids.isEmpty)
    }

    // MARK: Members

    @Test func `Who has to accept is in the plan and in the result, once`() async throws {
        put("s", ["visibility": "shared"])
        alpha.setMembers(["p1", "p2"], of: "s")
        var result = try await run(target: ", image: { members: keep }")
        #expect(result.exit == .done)
        #expect(
            result.item("s")?.notes.last?.words
                == "2 members have to accept the copy before it is in their lists: p1, p2")
        let copy = try #require(beta.ids.first)
        let remark =
            "has to be accepted by the projects that it is shared with: p1, p2; each with: "
            + "openstack image set --accept \(copy)"
        #expect(result.transfers.first?.remarks.map(\.words) == [remark])
        let changes = beta.changes.count { !$0.contains("tokens") }
        result = try await run(target: ", image: { members: keep }")
        #expect(result.items.map(\.action) == [.skip])
        #expect(beta.changes.count { !$0.contains("tokens") } == changes)
    }

    // MARK: Kernels

    /// No condition selected the kernel, so no condition can leave it out.
    @Test(
        arguments: [
            ("queued", "wait until it is active"), ("killed", "upload it again at the source: "),
            ("pending_delete", "upload it again at the source: "),
        ])
    func `A kernel without data has a hint of its own`(
        status: String, step: String
    ) async throws {
        let kernel = "11111111-1111-4111-8111-111111111111"
        put("machine", ["kernel_id": .string(kernel)])
        alpha.put(
            kernel,
            [
                "name": "kernel", "status": .string(status), "disk_format": "aki",
                "container_format": "aki",
            ])
        let result = try await run()
        let refusal = try #require(result.item("kernel")?.refusal)
        #expect(refusal.message.hasPrefix("the image is \(status) at the source"))
        #expect(refusal.hint?.hasPrefix(step) == true)
        #expect(refusal.hint?.hasSuffix(", or leave out the images that name it") == true)
    }

    @Test func `A kernel that is not there refuses its image, by its key and with a way out`()
        async throws
    {
        put("machine", ["kernel_id": "gone"])
        let result = try await run()
        let refusal = result.item("machine")?.refusal
        #expect(
            refusal?.message.hasPrefix("its kernel_id names image \"gone\", which is not") == true)
        #expect(refusal?.hint?.contains("properties: { drop: [kernel_id] }") == true)
        #expect(result.exit == .someFailed && beta.ids.isEmpty)
        let dropped = try await run(target: ", image: { properties: { drop: [kernel_id] } }")
        #expect(dropped.exit == .done && beta.ids.count == 1)
    }

    @Test func `Images that need each other are refused by the plan, and so is what names them`()
        async throws
    {
        put("a", ["kernel_id": "b"])
        put("b", ["ramdisk_id": "a"])
        put("c", ["kernel_id": "a"])
        put("d", ["kernel_id": "d"])
        put("e")
        let result = try await run()
        let messages = ["a", "b", "c", "d"].map { result.item($0)?.refusal?.message ?? "" }
        func circle(_ property: String, _ id: String, _ back: String) -> String {
            "its \(property) names image \"\(id)\", which leads back to image \"\(back)\", by the kernels and "
                + "ramdisks that it names: neither can be copied first"
        }
        #expect(
            messages[0] == circle("kernel_id", "b", "a")
                && messages[1] == circle("ramdisk_id", "a", "b"), "\(messages)")
        #expect(messages[2].hasPrefix("its kernel_id names image \"a\", which "), "\(messages)")
        #expect(messages[3] == circle("kernel_id", "d", "d"), "\(messages)")
        #expect(result.item("c")?.action == .refuse)
        #expect(result.transfers.map(\.source.displayName) == ["e"])
        #expect(result.exit == .someFailed && beta.ids.count == 1)
    }

    @Test func `A kernel whose reference is dropped is not brought along`() async throws {
        put("machine", ["kernel_id": "kernel", "ramdisk_id": "ramdisk"])
        put("kernel", ["disk_format": "aki", "container_format": "aki"])
        put("ramdisk", ["disk_format": "ari", "container_format": "ari"])
        let both = ", images: { name: machine }"
        let dropped = try await run(
            source: both, target: #", image: { properties: { drop: ["*_id"] } }"#)
        #expect(dropped.items.map(\.source.displayName) == ["machine"])
        #expect(dropped.exit == .done && beta.ids.count == 1)
    }

    @Test(arguments: [
        ("drop: [kernel_id]", ["machine", "ramdisk"]),
        ("set: { kernel_id: other }", ["machine", "ramdisk"]),
        ("set: { os_distro: debian }", ["machine", "kernel", "ramdisk"]),
    ])
    func `Only what a copy names comes along`(rules: String, names: [String]) async throws {
        put("machine", ["kernel_id": "kernel", "ramdisk_id": "ramdisk"])
        put("kernel", [:])
        put("ramdisk", [:])
        let result = try await run(
            source: ", images: { name: machine }",
            target: ", image: { properties: { \(rules) } }")
        #expect(result.items.map(\.source.displayName) == names)
    }

    @Test func `A kernel in a format that the target does not take refuses its image`()
        async throws
    {
        put("machine", ["kernel_id": "kernel"])
        put("kernel", ["disk_format": "aki"])
        schema(disk: ["raw"], container: ["bare"])
        let result = try await run()
        #expect(result.items.allSatisfy { $0.action == .refuse })
        #expect(
            result.item("machine")?.refusal?.message.contains(
                "cannot be copied: the target does not accept")
                == true)
    }

    // MARK: Lists that lie

    /// SQLite ends a text at U+0000: two such ids became one, and the row of the journal became
    /// another one.
    @Test func `Ids that cannot be ids end the plan, and the journal stays whole`() async throws {
        put("a")
        alpha.answer(
            times: 1,
            with: .status(
                200, text: #"{"images":[{"id":"a\u0000b","status":"active","owner":"project"}]}"#)
        ) { $0.path == "/v2/images" && $0.target.contains("limit=1000") }
        let error = await #expect(throws: TranshipError.self) { try await run() }
        #expect(error?.code == .invalidAnswer)
        #expect(error?.message.contains(#"is not an id: "a\u0000b""#) == true)
        #expect(beta.ids.isEmpty)
        let next = try await run()
        #expect(next.exit == .done && beta.ids.count == 1)
    }

    @Test func `Rules for earlier versions of a cloud's images are said to change nothing`()
        async throws
    {
        put("a")
        _ = try await run(target: ", keep: 2, previous: hide")
        let told = warnings.texts.withLock { $0 }.filter { $0.contains("change nothing") }
        #expect(told.count == 1)
        #expect(told.first?.contains("`keep`, `previous` of target beta") == true)
    }

    // MARK: Lists that change

    @Test func `An image that is deleted between two pages of a list costs no other image`()
        async throws
    {
        for name in ["a", "b", "c"] { put(name) }
        let records = ["a", "b", "c"].map { alpha.image($0) ?? [:] }
        func page(_ index: Int, _ next: String) -> Reply {
            let record = JSONValue.object(records[index])
            let text = String(decoding: record.text, as: UTF8.self)
            return .status(200, text: #"{"images":[\#(text)]\#(next)}"#)
        }
        alpha.answer(times: 1, with: page(0, #","next":"/v2/images?marker=a""#)) {
            $0.path == "/v2/images" && $0.target.contains("limit=1000")
        }
        alpha.answer(times: 1, with: .status(400, text: "No image found with ID a")) {
            $0.target.contains("marker=a")
        }
        let result = try await run()
        #expect(Set(result.items.map(\.source.displayName)) == ["a", "b", "c"])
        #expect(result.items.count == 3)
    }
}
