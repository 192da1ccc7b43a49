// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import OpenStackImage
import TestSupport
import Testing

extension EndToEndTests {
    /// Targets that accept less than others, and members that have to accept a copy.
    @Suite struct NarrowCloudTests {
        @Test("formats that the target does not take are refused in the plan, with its list")
        func formats() async throws {
            try await scene("formats") { scene in
                try await scene.alpha.add("\(scene.prefix) raw", Sample.raw(5000, seed: 1))
                try await scene.alpha.add(
                    "\(scene.prefix) ovf", Sample.raw(5000, seed: 2), container: "ovf")
                try await scene.alpha.add(
                    "\(scene.prefix) aki", Sample.raw(5000, seed: 3), disk: "aki", container: "aki")
                let file = try scene.cloudPipeline()
                try await Lab.with("disk-formats", "raw,iso", of: "beta") {
                    try await Lab.with("container-formats", "bare", of: "beta") {
                        let run = try await scene.tranship("run", file)
                        #expect(run.status == 3, run.said)
                        #expect(
                            run.talk.contains("does not accept disk_format aki, only raw, iso"),
                            run.said)
                        #expect(
                            run.talk.contains("does not accept container_format ovf, only bare"),
                            run.said)
                        #expect(try await scene.beta.images(scene.prefix).count == 1, run.said)
                    }
                }
            }
        }

        @Test("a limit of properties fails the images above it, says which, and no other")
        func properties() async throws {
            try await scene("properties") { scene in
                for count in 18...21 {
                    let properties = (0..<count).map { ("p\($0)", JSONValue.string("x")) }
                    try await scene.alpha.add(
                        "\(scene.prefix) \(count)", Sample.raw(5000, seed: UInt64(count)),
                        Dictionary(uniqueKeysWithValues: properties))
                }
                let file = try scene.cloudPipeline(
                    source: "alpha", target: "beta", "limits: { images: 1 }")
                try await Lab.with("image-property-quota", "20", of: "beta") {
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 3, run.said)
                    #expect(run.talk.contains("our marker tranship_origin is one of"), run.said)
                    #expect(try await scene.beta.images(scene.prefix).count == 2, run.said)
                    let other = try scene.cloudPipeline(
                        targetKeys: "image: { properties: { drop: [p1, p2] } }")
                    let dropped = try await scene.tranship("run", other)
                    #expect(dropped.status == 0, dropped.said)
                    #expect(try await scene.beta.images(scene.prefix).count == 4, dropped.said)
                }
            }
        }

        @Test(
            "members: an administrator accepts what was accepted, and the others are named",
            arguments: ["beta-admin", "beta"])
        func members(target: String) async throws {
            try await scene("members") { scene in
                let image = try await scene.alpha.add(
                    scene.prefix, Sample.raw(5000, seed: 1), ["visibility": "shared"])
                let other = try await LabCloud.alphaOther.projectID
                try await scene.alpha.share(image.id, with: other)
                _ = try await LabCloud.alphaOther.service.setMemberStatus(
                    image.id, projectID: other, .accepted)
                let there = try await LabCloud.betaOther.projectID
                let file = try scene.cloudPipeline(
                    target: target,
                    targetKeys: """
                        image:
                          owner: { "\(try await scene.alpha.projectID)": \
                        "\(try await LabCloud(target).projectID)", "\(other)": "\(there)" }
                        """)
                let isAdmin = target == "beta-admin"
                let plan = try await scene.tranship("plan", "-v", file)
                #expect(
                    plan.output.contains(
                        isAdmin
                            ? "shared with \(other), as accepted at the source"
                            : "1 member has to accept the copy before it is in its list: \(other) "
                                + "(accepted at the source)"), plan.said)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                #expect(
                    (run.output + run.talk).contains("has to be accepted by the projects")
                        != isAdmin, run.said)
                let copy = try await LabCloud(target).only(scene.prefix)
                let member = try await LabCloud(target).service.member(
                    of: copy.id, projectID: there)
                #expect(member.status == (isAdmin ? .accepted : .pending))
                let again = try await scene.tranship("run", file)
                #expect(
                    again.status == 0 && (again.output + again.talk).contains("nothing to do"),
                    again.said)
            }
        }

        @Test("a list of small pages goes on while images of it are deleted")
        func deletions() async throws {
            try await scene("deletions") { scene in
                var images: [JSONValue] = []
                for index in 0..<12 {
                    images.append(try await scene.alpha.add("\(scene.prefix) \(index)", nil))
                }
                try await Lab.with("page-limit", "1", of: "alpha") {
                    var seen: [String] = []
                    var pages = scene.alpha.service.images().makeAsyncIterator()
                    var gone: Set<String> = []
                    while let page = try await pages.next() {
                        let ours = page.filter { $0.name?.hasPrefix(scene.prefix) == true }
                        seen += ours.map(\.id)
                        // Every second image is deleted before the next page.
                        if let last = ours.last, seen.count % 2 == 0 {
                            try await scene.alpha.service.delete(last.id)
                            gone.insert(last.id)
                        }
                    }
                    #expect(seen.sorted() == images.map(\.id).sorted())
                    #expect(gone.count == 6)
                }
            }
        }
    }
}
