// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import GlanceModel
import HTTPTransport
import MigrationModel

/// Observes every effect of the process, and reports violated rules.
///
/// `@unchecked Sendable`: only the thread of its timeline touches it.
final class Watch: @unchecked Sendable {
    let sources: [Scenario.Source]
    var violations: [String] = []
    /// The rows of the journal at the moment of a request.
    var rows: [Transfer] = []
    /// The answers of services so far, in a play of lies.
    var told = Told()

    init(sources: [Scenario.Source]) {
        self.sources = sources
    }

    /// Returns the states of the rows that matter for a request; nil if none does.
    static func states(_ method: HTTPRequest.Method, _ path: [String]) -> [TransferState]? {
        switch (method, path.last) {
        case (.get, _), (_, "import"): nil
        // The row has to show the intent, and nothing else.
        case (.post, "images"): [.registered]
        case (.delete, _): TransferState.allCases
        default: [.publishing]
        }
    }

    /// True if a fact that was known beforehand shows that these are the wrong bytes.
    private func areProvablyWrong(_ bytes: [UInt8], _ source: Scenario.Source) -> Bool {
        guard bytes != source.bytes else { return false }
        return source.promise != .none || bytes.count != source.bytes.count
    }

    /// Checks bytes that came through us completely and were not damaged afterwards.
    func becameActive(_ record: Cloud.Record, _ bytes: [UInt8], at cloud: Cloud) {
        if cloud.world.isLying { return becameActiveByLies(record, bytes, at: cloud) }
        if cloud.world.publisher != nil { return becameActiveInNights(record, bytes, at: cloud) }
        guard let source = record.sourceNumber.map({ sources[$0] }) else { return }
        if areProvablyWrong(bytes, source) {
            cloud.world.violation(
                "\(cloud.name)/\(record.id): wrong bytes of \(source.name) became active")
        }
    }

    /// Checks a change that others see.
    func published(_ record: Cloud.Record, at cloud: Cloud) {
        if cloud.world.isLying { return publishedByLies(record, at: cloud) }
        if cloud.world.publisher != nil { return publishedInNights(record, at: cloud) }
        guard let source = record.sourceNumber.map({ sources[$0] }) else { return }
        let place = "\(cloud.name)/\(record.id)"
        guard record.status == "active" || record.status == "deactivated" else {
            return cloud.world.violation("\(place) is published while it is \(record.status)")
        }
        let data = record.data ?? []
        if record.isMangled || areProvablyWrong(data, source) {
            cloud.world.violation("\(place) is published with wrong bytes")
        }
        let row = rows.first { $0.imageID == record.id && $0.targetKey == cloud.name }
        if row == nil {
            cloud.world.violation("\(place) is published while the journal does not say so")
        }
    }

    func deleting(_ record: Cloud.Record, at cloud: Cloud, by host: Host) {
        if let rules = cloud.nightRules {
            return deletingInNights(record, at: cloud, keep: rules.keep)
        }
        let place = "\(cloud.name)/\(record.id)"
        let marker = record.fields[Origin.propertyName]?.string
        let row = rows.first { $0.imageID == record.id && $0.targetKey == cloud.name }
        var wrongs: [String] = []
        let isLying = cloud.world.isLying
        if !record.isOurs { wrongs.append("it is someone else's") }
        if row == nil { wrongs.append("no row of the journal names it") }
        if row?.placement.isAdopted == true { wrongs.append("it was adopted") }
        if let row, row.origin.propertyValue != marker { wrongs.append("it has another marker") }
        if record.forgottenBy.contains(host.number) {
            wrongs.append("it stood there before the journal began")
        }
        if !isLying, record.isPublished, record.seenPublished[host.number] ?? true {
            wrongs.append("others have seen it")
        }
        if isLying, !told.isAsMade(record.id, at: cloud.name) {
            wrongs.append("the service did not say that it is private and not protected")
        }
        // Another host may have published it since this one looked; the service then refuses.
        if !isLying, record.fields["protected"] == true, record.seenPublished[host.number] ?? true {
            wrongs.append("it is protected")
        }
        if sources.contains(where: { $0.id == record.id }) { wrongs.append("its id is kept") }
        let couldTell = record.seenFilled[host.number] ?? true
        let isOthers = couldTell && !record.senders.contains(host.number)
        if record.isArriving, isOthers {
            wrongs.append("another host is sending it")
        }
        if record.data != nil, isOthers {
            wrongs.append("another host has sent it")
        }
        for wrong in wrongs { cloud.world.violation("\(place) is deleted although \(wrong)") }
    }

    func touching(_ record: Cloud.Record, at cloud: Cloud, _ request: HTTPRequest) {
        if !record.isOurs {
            cloud.world.violation(
                "\(request.method.rawValue) on \(cloud.name)/\(record.id), which is someone else's"
            )
        }
    }
}

// MARK: - In a play of lies

extension Watch {
    /// Checks bytes by the answers that the process got: it has no other facts against them.
    private func becameActiveByLies(_ record: Cloud.Record, _ bytes: [UInt8], at cloud: Cloud) {
        let row = rows.first { $0.imageID == record.id && $0.targetKey == cloud.name }
        guard let promised = row?.proof.promised, let sent = record.sent,
            let own = try? digest(promised.algorithm, of: sent), !own.matches(promised)
        else { return }
        cloud.world.violation(
            "\(cloud.name)/\(record.id) became active with bytes that break their promise")
    }

    private func publishedByLies(_ record: Cloud.Record, at cloud: Cloud) {
        let place = "\(cloud.name)/\(record.id)"
        guard let row = rows.first(where: { $0.imageID == record.id && $0.targetKey == cloud.name })
        else {
            return cloud.world.violation(
                "\(place) is published while the journal does not say so")
        }
        if let doubt = told.doubt(row, sent: record.sent) {
            cloud.world.violation("\(place) is published unproved: \(doubt)")
        }
    }
}
