// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceModel
import GlanceServer
import MigrationModel
import OpenStackImage
import Publishing
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct CloudPublisherTests {
    private let glance: GlanceServer
    private let publisher: CloudPublisher

    init() throws {
        glance = try GlanceServer()
        publisher = CloudPublisher(service: glance.service)
        glance.put("i", data: [1], Self.asMade)
    }

    /// The record of the copy before it is published.
    private static let asMade: [String: JSONValue] = [
        Origin.propertyName: .string(Sample.origin(of: "a").propertyValue), "name": "sample",
        "disk_format": "raw", "container_format": "bare", "visibility": "private",
    ]

    private func proved(
        visibility: ImageVisibility = .private, hidden: Bool = false, protected: Bool = false,
        members: [String] = [], _ rule: PlannedRecord.Members = .keep
    ) -> Transfer {
        var record = Sample.record(visibility: visibility)
        record.isHidden = hidden
        record.isProtected = protected
        record.members = rule
        var transfer = Sample.transfer("a", record: record, state: .publishing, imageID: "i")
        transfer.members = members
        return transfer
    }

    /// The changes, in order: the key of each patch, and each new member.
    private var changes: [String] {
        glance.server.requests.filter { $0.method != "GET" }.map { request in
            let text = request.text
            let keys = ["visibility", "os_hidden", "protected", "kernel_id"]
            return keys.first { text.contains("\"/\($0)\"") } ?? "\(request.path) \(text)"
        }
    }

    @Test func `Visibility comes first, then members, hidden and protected`() async throws {
        let done = try await publish(
            proved(visibility: .shared, hidden: true, protected: true, members: ["p1", "p2"]))
        #expect(done.state == .done)
        #expect(
            changes == [
                "visibility", #"/v2/images/i/members {"member":"p1"}"#,
                #"/v2/images/i/members {"member":"p2"}"#, "os_hidden", "protected",
            ])
        #expect(glance.image("i")?["visibility"] == "shared")
        #expect(glance.image("i")?["os_hidden"] == true)
        #expect(glance.image("i")?["protected"] == true)
    }

    /// A deactivated image may be one that no server should boot any more.
    @Test(arguments: [ImageVisibility.shared, .community, .public])
    func `A copy that the service does not deactivate is not shown to others`(
        visibility: ImageVisibility
    ) async throws {
        glance.refuse("POST", "/v2/images/i/actions/deactivate", status: 403, times: 1)
        var transfer = proved(visibility: visibility, members: ["p1"])
        transfer.intent.record.isDeactivated = true
        let refused = try await publish(transfer)
        #expect(refused.state == .unpublished)
        #expect(glance.image("i")?["visibility"] == "private")
        #expect(glance.image("i")?["status"] == "active")
        #expect(glance.members(of: "i").isEmpty)

        #expect(try await publish(transfer).state == .done)
        #expect(glance.image("i")?["visibility"] == .string(visibility.rawValue))
        #expect(glance.image("i")?["status"] == "deactivated")
    }

    @Test func `Only what differs is sent, and doing it twice changes nothing`() async throws {
        let transfer = proved(
            visibility: .shared, hidden: true, protected: true, members: ["p1"])
        _ = try await publish(transfer)
        let before = glance.changes.count
        let done = try await publish(transfer)
        #expect(done.state == .done)
        #expect(glance.changes.count == before)
        #expect(glance.members(of: "i") == ["p1"])
    }

    @Test(arguments: [ImageVisibility.private, .community])
    func `A copy that was begun with other fields ends with those of now`(
        visibility: ImageVisibility
    ) async throws {
        var transfer = proved(visibility: visibility)
        var former = transfer.record.fields
        former.visibility = .public
        former.properties = ["note": "old", "gone": "soon"]
        transfer.intent.record.properties = ["note": "new"]
        transfer.intent.record.updatedFrom = former
        // The interrupted run made the record: private until it is proved.
        glance.put("i", ["visibility": "private", "note": "old", "gone": "soon"])
        let done = try await publish(transfer)
        #expect(done.state == .done)
        #expect(done.record.updatedFrom == nil)
        #expect(glance.image("i")?["visibility"] == .string(visibility.rawValue))
        #expect(glance.image("i")?["note"] == "new")
        #expect(glance.image("i")?["gone"] == nil)
    }

    @Test func `A private image needs nothing at all`() async throws {
        #expect(try await publish(proved()).state == .done)
        #expect(glance.asked == ["GET /v2/images/i"])
    }

    @Test(
        arguments: [
            ("protected", true), ("os_hidden", true), ("visibility", "public"),
            ("status", "deactivated"),
        ] as [(String, JSONValue)], [true, false])
    func `What someone set on a copy before it was published stays`(
        edit: (field: String, value: JSONValue), wasPlannedOtherwise: Bool
    ) async throws {
        glance.put("i", [edit.field: edit.value])
        var transfer = proved(visibility: .community)
        if wasPlannedOtherwise {
            transfer.intent.record.updatedFrom = transfer.record.fields
            transfer.intent.record.tags = ["new"]
        }
        let done = try await publish(transfer)
        #expect(done.state == .done)
        let field = edit.field == "status" ? "deactivated" : edit.field
        #expect(done.remarks == [.setAtTarget(fields: [field])])
        #expect(glance.image("i")?[edit.field] == edit.value)
        if edit.field != "visibility" { #expect(glance.image("i")?["visibility"] == "community") }
    }

    @Test func `What an earlier plan set does not count as an edit`() async throws {
        var transfer = proved(visibility: .community)
        var former = transfer.record.fields
        (former.visibility, former.isProtected, former.isHidden) = (.public, true, true)
        transfer.intent.record.updatedFrom = former
        glance.put("i", ["visibility": "public", "protected": true, "os_hidden": true])
        let done = try await publish(transfer)
        #expect(done.state == .done && done.remarks == [])
        #expect(glance.image("i")?["visibility"] == "community")
        #expect(glance.image("i")?["protected"] == false)
        #expect(glance.image("i")?["os_hidden"] == false)
    }

    @Test func `A crash in the middle is made good by the next time`() async throws {
        glance.put("i", ["visibility": "shared"])
        glance.setMembers(["p1"], of: "i")
        let done = try await publish(
            proved(visibility: .shared, protected: true, members: ["p1", "p2"]))
        #expect(done.state == .done)
        #expect(changes == [#"/v2/images/i/members {"member":"p2"}"#, "protected"])
    }

    @Test(arguments: [
        ("visibility", "/v2/images/i", "PATCH"), ("members", "/v2/images/i/members", "POST"),
    ])
    func `A refusal leaves the proved copy there, with the service's words`(
        what: String, path: String, method: String
    ) async throws {
        glance.refuse(method, path, status: 403, text: "not allowed by policy")
        let ended = try await publish(proved(visibility: .shared, members: ["p1"]))
        #expect(ended.state == .unpublished)
        let failure = try #require(ended.failure)
        #expect(failure.code == .unpublished)
        #expect(failure.message.contains("not allowed by policy"))
        #expect(failure.hint != nil)
        #expect(glance.image("i")?["status"] == "active")
    }

    @Test func `A refusal writes down what others see of the copy`() async throws {
        let patches = Guarded(0)
        // The patches are of the visibility, hidden and protected.
        glance.refuse("PATCH", "/v2/images/i", status: 403) { _ in
            patches.withLock { count in
                count += 1
                return count == 3
            }
        }
        let ended = try await publish(
            proved(visibility: .public, hidden: true, protected: true))
        #expect(ended.state == .unpublished)
        #expect(
            ended.left == LeftCopy(visibility: .public, isHidden: true, isProtected: false))
        #expect(try await publish(proved(visibility: .public, hidden: true)).left == nil)
    }

    @Test func `A member that is gone from the source is not named any more`() async throws {
        var transfer = proved(visibility: .shared, members: ["p1"], .map(["p1": "q1"]))
        transfer.remark(.notShared(projectID: "gone"))
        transfer.remark(.memberRejected(projectID: "gone"))
        let done = try await publish(transfer)
        #expect(done.state == .done)
        #expect(done.remarks.allSatisfy { !$0.words.contains("gone") }, "\(done.remarks)")
    }

    @Test func `A refused visibility leaves everything else undone`() async throws {
        glance.refuse("PATCH", "/v2/images/i", status: 403)
        _ = try await publish(
            proved(visibility: .public, hidden: true, protected: true))
        #expect(glance.image("i")?["protected"] == false)
        #expect(glance.changes.count == 1)
    }

    @Test(arguments: [500, 503, 429, 401])
    func `What may pass, and lost credentials, do not refuse this image`(
        status: Int
    ) async throws {
        glance.refuse("PATCH", "/v2/images/i", status: status)
        let error = await failure { _ = try await publish(proved(visibility: .public)) }
        #expect(error?.answer?.status == status)
    }

    @Test func `A copy that someone removed is made again`() async throws {
        glance.burn("i")
        let again = try await publish(proved(visibility: .public))
        #expect(again.state == .planned && again.placement.generation == 1 && again.imageID == nil)
    }

    // MARK: What the target made otherwise

    @Test func `What the target has otherwise than planned is a remark, with both values`()
        async throws
    {
        var transfer = proved(visibility: .community)
        transfer.intent.record.tags = ["ours"]
        transfer.intent.record.properties = ["os_distro": "debian", "os_version": "12"]
        glance.put(
            "i",
            [
                "name": "renamed", "disk_format": "qcow2", "min_disk": 40, "min_ram": 4096,
                "tags": ["imposed"],
                "os_distro": "Debian", "os_version": "12",
            ])
        let done = try await publish(transfer)
        #expect(done.state == .done)
        let wanted = transfer.record
        #expect(
            done.remarks == [
                .changedByTarget(
                    imageID: "i",
                    [
                        FieldDifference(.name, wanted: wanted.name, found: "renamed"),
                        FieldDifference(.diskFormat, wanted: "raw", found: "qcow2"),
                        FieldDifference(.minDisk, wanted: "0", found: "40"),
                        FieldDifference(.minRAM, wanted: "0", found: "4096"),
                        FieldDifference(.tags, wanted: "ours", found: "imposed"),
                        FieldDifference(
                            .property("os_distro"), wanted: "debian", found: "Debian"),
                    ], more: 0)
            ])
        #expect(done.remarks.first?.words.contains("min_disk 40 instead of 0") == true)
        // The change of the visibility was the only request besides the look.
        #expect(glance.asked.count == 2)
    }

    @Test func `A remark lists some differences, and counts the others`() async throws {
        var transfer = proved()
        for number in 0..<20 { transfer.intent.record.properties["p\(number)"] = "x" }
        let done = try await publish(transfer)
        guard case .changedByTarget(_, let shown, let more) = try #require(done.remarks.first)
        else {
            Issue.record("no such remark: \(done.remarks)")
            return
        }
        #expect(shown.count + more == transfer.record.properties.count && more > 0)
        #expect(done.remarks.first?.words.contains("and \(more) other fields") == true)
    }

    @Test func `What the target adds gets no remark`() async throws {
        var transfer = proved()
        transfer.intent.record.tags = ["ours"]
        glance.put(
            "i",
            [
                "tags": ["imposed", "ours"], "os_glance_x": "1", "owner_specified.y": "2",
                "stores": "fast",
            ])
        let done = try await publish(transfer)
        #expect(done.state == .done && done.remarks.isEmpty)
    }

    @Test func `A change that the target accepts and does not make is a remark`() async throws {
        let image = try #require(glance.image("i"))
        glance.answer(
            "PATCH", "/v2/images/i",
            with: .status(200, body: Array(try JSONEncoder().encode(JSONValue.object(image)))))
        let done = try await publish(proved(visibility: .public))
        #expect(
            done.remarks == [
                .changedByTarget(
                    imageID: "i",
                    [FieldDifference(.visibility, wanted: "public", found: "private")], more: 0)
            ])
    }

    @Test(arguments: [JSONValue.null, "another/version"])
    func `A copy without our marker is not published`(marker: JSONValue) async throws {
        glance.put("i", [Origin.propertyName: marker])
        let ended = try await publish(proved(visibility: .public))
        #expect(ended.state == .unpublished && ended.failure?.code == .unpublished)
        #expect(ended.failure?.message.contains(Origin.propertyName) == true)
        #expect(ended.failure?.hint?.contains("nothing is copied without our marker") == true)
        #expect(glance.changes.isEmpty)
        // A copy that was published before stays published, and the remark names the marker.
        var updated = proved()
        var former = updated.record.fields
        former.wasPublished = true
        updated.intent.record.updatedFrom = former
        let kept = try await publish(updated)
        #expect(kept.state == .done)
        #expect(
            kept.remarks.first?.words.contains("properties.\(Origin.propertyName)") == true)
        // The plan has judged the copy of another journal.
        var adopted = proved()
        adopted.placement.adoptContents()
        #expect(try await publish(adopted).state == .done)
    }

    // MARK: Members

    @Test func `Members that have to accept are named, and remarks do not pile up`() async throws {
        var transfer = proved(visibility: .shared, members: ["p1"])
        transfer.memberAnswers = ["p2": "rejected"]
        let remarks: Set = [
            "has to be accepted by the projects that it is shared with: p1; each with: "
                + "openstack image set --accept i",
            "not shared with p2: that project rejected the image at the source",
        ]
        for _ in 0..<3 {
            transfer = try await publish(transfer.republished(as: transfer.record))
            #expect(Set(transfer.remarks.map(\.words)) == remarks)
            #expect(transfer.remarks.count == remarks.count)
        }
        #expect(glance.members(of: "i") == ["p1"])
        glance.setMembers([], of: "i")
        transfer.intent.record.members = .drop
        #expect(try await publish(transfer.republished(as: transfer.record)).state == .done)
    }

    @Test(arguments: [(true, "q9"), (false, "q1"), (false, "q9")])
    func `What a member accepted at the source is accepted for it, if our user may`(
        isAdmin: Bool, project: String
    ) async throws {
        var settings = GlanceModel.Settings()
        settings.caller = .init(project: project, isAdmin: isAdmin)
        let glance = try GlanceServer(settings)
        glance.put("i", data: [1], Self.asMade)
        glance.put("i", ["visibility": "shared", "owner": .string(project)])
        let session = CloudSession(
            CloudConfiguration(
                name: "beta", authentication: .password(.id("u"), password: Secret("p")),
                authURL: glance.url, scope: .projectID(project)))
        var transfer = proved(
            visibility: .shared, members: ["p1", "p2"], .map(["p1": "q1", "p2": "q2"]))
        transfer.memberAnswers = ["p1": "accepted"]
        let done = try await CloudPublisher(service: ImageService(session)).publish(
            transfer, references: [:])
        let accepts = isAdmin || project == "q1"
        #expect(done.state == .done)
        #expect(glance.changes.contains("PUT /v2/images/i/members/q1") == accepts)
        #expect(!glance.changes.contains("PUT /v2/images/i/members/q2"))
        #expect(done.remarks.first?.words.contains("shared with: q1, q2;") == !accepts)
        #expect(done.remarks.count == 1)
    }

    @Test func `Too many members have nothing to do with rights`() async throws {
        glance.refuse(
            "POST", "/v2/images/i/members", status: 413,
            text: "The limit has been exceeded on the number of allowed image members")
        let ended = try await publish(proved(visibility: .shared, members: ["p1"]))
        #expect(ended.failure?.hint?.contains("image_member_quota") == true)
    }

    @Test func `Members are mapped by the table, and those who are not in it reported`()
        async throws
    {
        let done = try await publish(
            proved(visibility: .shared, members: ["p1", "p2"], .map(["p1": "q1"])))
        #expect(glance.members(of: "i") == ["q1"])
        #expect(done.remarks.contains(.notShared(projectID: "p2")))
        #expect(done.remarks.contains { $0.words.contains("shared with: q1;") })
    }

    @Test func `The rest of the table takes all others`() async throws {
        let done = try await publish(
            proved(visibility: .shared, members: ["p1", "p2"], .map(["p1": "q1", "*": "r"])))
        #expect(glance.members(of: "i") == ["q1", "r"])
        #expect(done.remarks.count == 1)
        #expect(done.remarks.first?.words.contains("shared with: q1, r;") == true)
    }

    @Test(arguments: [ImageVisibility.private, .public, .community])
    func `Only a shared image has members`(visibility: ImageVisibility) async throws {
        _ = try await publish(proved(visibility: visibility, members: ["p1"]))
        #expect(glance.members(of: "i").isEmpty)
    }

    @Test func `Dropped members are not asked about`() async throws {
        _ = try await publish(
            proved(visibility: .shared, members: ["p1"], .drop))
        #expect(glance.members(of: "i").isEmpty)
        #expect(!glance.asked.contains { $0.hasSuffix("/members") })
    }

    // MARK: Images that it names

    @Test func `A kernel that came back under another id is named again`() async throws {
        glance.put("i", ["kernel_id": "k-1"])
        let done = try await publisher.publish(proved(), references: ["kernel_id": "k-2"])
        #expect(done.state == .done)
        #expect(glance.image("i")?["kernel_id"] == "k-2")
        #expect(changes == ["kernel_id"])
    }

    private func publish(_ transfer: Transfer) async throws(TranshipError) -> Transfer {
        try await publisher.publish(transfer, references: [:])
    }
}
