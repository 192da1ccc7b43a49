// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceModel
import HTTPTransport
import MigrationModel

extension World {
    /// True if the server of a request is down in this night.
    func isDown(_ request: HTTPRequest) -> Bool {
        guard let publisher else { return false }
        let (place, path, _) = Self.parts(request.url)
        if place == Scenario.fileHost { return publisher.event == .down }
        return place == downCloud
            && (publisher.event == .cloudIsDown || path.first != "identity")
    }

    /// True if a request gets no answer in this night.
    func isSilent(_ request: HTTPRequest) -> Bool {
        let (place, path, _) = Self.parts(request.url)
        return place == silentCloud && path.first == "v2" && request.method != .get
            && request.method != .head
    }
}

extension Cloud {
    private static let foreignID = "f0e00000-0000-4000-8000-000000000000"

    /// Adds another owner's image that has the name of the series.
    func addForeignImage() {
        add(
            Self.foreignID,
            ["name": .string(Nights.seriesName), "visibility": "public", "disk_format": "raw"],
            data: [1, 2, 3])
    }

    // MARK: What others see

    /// Our images that others can use.
    private var shown: [Record] {
        records.values.filter {
            $0.isOurs && $0.status == "active" && $0.fields["visibility"] == "public"
                && $0.fields["os_hidden"] != true
        }
    }

    /// The state of a series as others see it.
    struct View: Sendable {
        var isThere: Bool
        /// The number of visible images with the name of the series.
        var named: Int
    }

    var view: View {
        let shown = shown
        return View(
            isThere: !shown.isEmpty,
            named: shown.count { $0.fields["name"]?.string == Nights.seriesName })
    }

    /// Compares the view of others with their view before the process changed something.
    func checkView(after before: View, _ request: HTTPRequest) {
        guard let publisher = world.publisher, let rules = nightRules else { return }
        for record in shown where publisher.number(of: record.data) == nil {
            world.violation("\(name)/\(record.id) is visible with data that was never published")
        }
        let now = view
        if before.isThere, !now.isThere {
            world.violation("\(name): no version is visible any more, by \(request.method)")
        }
        guard rules.previous == .rename else { return }
        if before.named > 0, now.named == 0 {
            world.violation("\(name): no visible image has the name of the series any more")
        }
        if now.named > max(2, before.named) {
            world.violation("\(name): \(now.named) visible images have the name of the series")
        }
    }

    var nightRules: Nights.Rules? {
        guard let index = world.scenario.targets.firstIndex(where: { $0.name == name }) else {
            return nil
        }
        return world.scenario.nights?.rules[index]
    }

    /// The state of the cloud in the words of ``Shelf``.
    var shelfWords: String {
        let ours = records.values.filter(\.isOurs).map { record in
            let number = world.publisher?.number(of: record.data) ?? 0
            let name = record.fields["name"]?.string ?? ""
            var words = String(number)
            if name != Nights.seriesName {
                words += name.hasPrefix("\(Nights.seriesName) (") ? "r" : "'"
            }
            if record.fields["os_hidden"] == true { words += "h" }
            if record.fields["protected"] == true { words += "p" }
            if record.fields["visibility"] != "public" { words += "x" }
            if record.status != "active" { words += "!" }
            return (number, words)
        }
        return ours.sorted { ($0.0, $0.1) > ($1.0, $1.1) }.map(\.1).joined(separator: " ")
    }

    // MARK: Operators

    /// Changes fields of our copies of a version.
    func edit(_ version: Int, _ fields: [String: JSONValue]) {
        for record in records.values
        where record.isOurs && world.publisher?.number(of: record.data) == version {
            set(fields, of: record.id)
        }
    }

    func removeCopies(of version: Int) {
        for record in records.values
        where record.isOurs && world.publisher?.number(of: record.data) == version {
            remove(record.id)
        }
    }

    func addSnapshot(ofVersion version: Int) {
        let model = records.values.first {
            $0.isOurs && world.publisher?.number(of: $0.data) == version
        }
        if let model { addSnapshot(of: model) }
    }
}

extension Watch {
    /// Checks bytes that came through us completely and were not damaged afterwards.
    func becameActiveInNights(_ record: Cloud.Record, _ bytes: [UInt8], at cloud: Cloud) {
        if cloud.world.publisher?.number(of: bytes) == nil {
            cloud.world.violation(
                "\(cloud.name)/\(record.id): data that was never published became active")
        }
    }

    /// Checks a change that others see: a publication, or the end of a version.
    func publishedInNights(_ record: Cloud.Record, at cloud: Cloud) {
        let place = "\(cloud.name)/\(record.id)"
        guard record.status == "active" || record.status == "deactivated" else {
            return cloud.world.violation("\(place) is published while it is \(record.status)")
        }
        guard record.fields["visibility"] == "private", !record.wasPublished else { return }
        if record.isMangled || cloud.world.publisher?.number(of: record.data) == nil {
            cloud.world.violation("\(place) is published with data that was never published")
        }
        if !rows.contains(where: { $0.imageID == record.id && $0.targetKey == cloud.name }) {
            cloud.world.violation("\(place) is published while the journal does not say so")
        }
    }

    /// Checks a deletion. A run may delete only an earlier version that no one edited, and only
    /// after enough newer versions: after one, if it never had the name of the series.
    func deletingInNights(_ record: Cloud.Record, at cloud: Cloud, keep: Int) {
        let fields = record.fields
        var wrongs: [String] = []
        if !record.isOurs { wrongs.append("it is someone else's") }
        let row = rows.first { $0.imageID == record.id && $0.targetKey == cloud.name }
        if row == nil { wrongs.append("no row of the journal names it") }
        if let row, row.origin.propertyValue != fields[Origin.propertyName]?.string {
            wrongs.append("it has another marker")
        }
        if fields["protected"] == true { wrongs.append("it is protected") }
        if record.isPublished {
            let name = fields["name"]?.string ?? ""
            if name != Nights.seriesName, !name.hasPrefix("\(Nights.seriesName) (") {
                wrongs.append("an operator renamed it")
            }
            if fields["visibility"] == "private" { wrongs.append("an operator made it private") }
            let number = cloud.world.publisher?.number(of: record.data) ?? 0
            let later = cloud.records.values.count {
                $0.isOurs && $0.status == "active"
                    && cloud.world.publisher?.number(of: $0.data) ?? 0 > number
            }
            let isNamed = record.wasNamed || name == Nights.seriesName
            if later <= (isNamed ? keep : 0) {
                wrongs.append("only \(later) versions came after it")
            }
        }
        for wrong in wrongs {
            cloud.world.violation("\(cloud.name)/\(record.id) is deleted although \(wrong)")
        }
    }
}
