// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing

@testable import Planning

@Suite struct TargetObjectionTests {
    private func objection(
        _ record: PlannedRecord = Sample.record(), method: UploadMethod = .upload,
        _ change: (inout TargetOffer) -> Void
    ) -> TranshipError? {
        var offer = TargetOffer()
        change(&offer)
        var item = Sample.item(record: record)
        item.intent.method = method
        return TargetObjection(offer: offer).objection(to: item)
    }

    @Test func `A target that says nothing takes everything`() {
        #expect(objection { _ in } == nil)
    }

    @Test func `A format must be in the list of the target`() {
        #expect(objection { $0.diskFormats = ["iso", "raw"] } == nil)
        let disk = objection { $0.diskFormats = ["iso"] }
        #expect(disk?.code == .refused)
        #expect(disk?.message == "the target does not accept disk_format raw, only iso")
        let container = objection { $0.containerFormats = ["ovf", "docker"] }
        #expect(
            container?.message
                == "the target does not accept container_format bare, only ovf, docker")
    }

    @Test(arguments: [("raw", true), ("aki", false), ("ari", false), ("ami", false)])
    func `Only a disk is to be converted for a target that does not accept it`(
        format: String, isDisk: Bool
    ) {
        var record = Sample.record()
        record.diskFormat = format
        let disk = objection(record) { $0.diskFormats = ["iso"] }
        #expect(disk?.hint?.contains("qemu-img") == isDisk, "\(disk?.hint ?? "")")
        #expect(disk?.hint?.contains("leave") == true)
        record.diskFormat = nil
        record.containerFormat = format
        let container = objection(record) { $0.containerFormats = ["ovf"] }
        #expect(container?.hint?.contains("unpack") == isDisk, "\(container?.hint ?? "")")
    }

    @Test func `A property that the target requires must be there`() {
        let missing = objection { $0.requiredProperties = ["os_distro", "team"] }
        #expect(missing?.code == .refused)
        #expect(missing?.message == "the target requires the properties os_distro, team")
        var record = Sample.record()
        record.properties = ["os_distro": "debian", "team": "a"]
        #expect(objection(record) { $0.requiredProperties = ["os_distro", "team"] } == nil)
    }

    @Test func `Rules that deny a request refuse the methods that need it`() {
        let denied = ["PUT /v2/images/*/file"]
        let upload = objection { $0.deniedRequests = denied }
        #expect(upload?.message.hasSuffix("credential lack PUT /v2/images/*/file") == true)
        #expect(objection(method: .glanceDirect) { $0.deniedRequests = denied } == nil)
        #expect(objection { $0.deniedRequests = ["POST /v2/images/*/import"] } == nil)
        #expect(
            objection(method: .webDownload) { $0.deniedRequests = ["POST /v2/images/*/import"] }
                != nil)
        #expect(objection { $0.deniedRequests = ["POST /v2/images"] } != nil)
        #expect(objection { $0.deniedRequests = ["PATCH /v2/images/*"] } == nil)
        let published = Sample.record(visibility: .public)
        #expect(objection(published) { $0.deniedRequests = ["PATCH /v2/images/*"] } != nil)
    }

    @Test func `What came with a later version is refused at an earlier one`() {
        var hidden = Sample.record()
        hidden.isHidden = true
        #expect(objection(hidden) { $0.minorVersion = 6 } != nil)
        #expect(objection(hidden) { $0.minorVersion = 7 } == nil)
        #expect(objection(hidden) { $0.minorVersion = nil } == nil)
        for visibility in [ImageVisibility.community, .shared] {
            let record = Sample.record(visibility: visibility)
            #expect(objection(record) { $0.minorVersion = 4 } != nil)
            #expect(objection(record) { $0.minorVersion = 5 } == nil)
        }
        #expect(objection(Sample.record(visibility: .public)) { $0.minorVersion = 2 } == nil)
    }

    @Test(arguments: [("a", 1), ("\u{FC}", 1), ("u\u{308}", 2)])
    func `A name that the service would refuse is refused by the plan`(
        letter: String, scalars: Int
    ) {
        func words(_ count: Int, renames: Bool, taken: Bool = false, id: String? = nil) -> String? {
            var source = Sample.source("a")
            source.imageID = id
            var record = Sample.record()
            record.name = String(repeating: letter, count: count / scalars)
            var item = Sample.item(source: source, record: record)
            if taken { item.reason = .nameTaken(imageID: "x", .rename) }
            var objections = TargetObjection(offer: TargetOffer())
            if renames { objections.renamesAtUnixSeconds = 1_800_000_000 }
            return objections.objection(to: item)?.message
        }
        #expect(words(254, renames: false) == nil)
        let plain = "its name has 256 characters, and a name has 255 at most"
        #expect(words(256, renames: false) == plain)
        #expect(words(256, renames: false, taken: true)?.contains("`on_conflict: rename`") == true)
        // The day and the version take 20 characters.
        #expect(words(234, renames: true) == nil)
        #expect(words(236, renames: true)?.contains("`previous: rename`") == true)
        #expect(words(236, renames: true)?.contains("has 256 characters") == true)
        // An image of a cloud has no versions.
        #expect(words(254, renames: true, id: "a") == nil)
    }

    @Test func `Limits for one record are counted with our marker, and only warned about`() {
        var record = Sample.record()
        for index in 0..<126 { record.properties["p\(index)"] = "x" }
        record.references = ["kernel_id": "image:k"]
        #expect(Sample.item(record: record).quotaNotes.isEmpty && !record.mayBeTooLarge)
        record.references["ramdisk_id"] = "image:r"
        let note = Sample.item(record: record).quotaNotes.first
        #expect(note?.words.hasPrefix("129 properties with our marker tranship_origin") == true)
        #expect(record.mayBeTooLarge)
        var tagged = Sample.record()
        tagged.tags = (0...128).map { "t\($0)" }
        #expect(Sample.item(record: tagged).quotaNotes.first?.words.hasPrefix("129 tags") == true)
    }
}
