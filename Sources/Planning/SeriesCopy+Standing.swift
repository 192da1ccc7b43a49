// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationJournal
internal import MigrationModel

extension SeriesCopy {
    static func isEarlier(_ one: SeriesCopy, _ other: SeriesCopy) -> Bool {
        one.order < other.order
    }

    /// Runs follow each other, whatever their clocks said. Within a run, times count to the
    /// millisecond, and then rows of the journal.
    private var order: (Int64, Int64, Int64, String) {
        let seconds = image.createdAtUnixSeconds ?? 0
        return (
            currentSinceRun ?? 0, currentSince ?? seconds.clampedProduct(1000), transfer?.id ?? 0,
            image.id
        )
    }

    var versionID: String? { image.origin?.versionID }

    func origin(_ item: PlanItem) -> Origin {
        Origin(lineageID: item.origin.lineageID, versionID: versionID ?? "")
    }

    /// True if it ever was the current version, or may have been. A copy that a run began to
    /// publish and that its source then left never was, and one that waited for its name neither.
    var becameCurrent: Bool {
        guard let transfer else { return true }
        if changes.contains(where: \.shows) { return true }
        if waitsForItsName { return false }
        // Made under the name of an earlier version.
        let hadName =
            !isUnnamed || image.name == transfer.record.shownName || changes.contains(.rename)
        return hadName && (wasDone || isSeenAsPlanned)
    }

    /// True if others see it as planned, whatever this journal knows: the process died after the last
    /// step, or another one published it.
    private var isSeenAsPlanned: Bool {
        guard let record = transfer?.record, record.visibility != .private || record.isProtected
        else { return false }
        return image.visibility == record.visibility && image.isProtected == record.isProtected
    }

    /// True if one of the others has the same data.
    func isDouble(of others: [SeriesCopy]) -> Bool { others.contains(where: hasSameData) }

    /// How many copies there are, of which several with the same data count once, and one with the
    /// data of the current version does not count: an image that a source offered twice takes the
    /// place of no version before it.
    static func countOfData(_ copies: [SeriesCopy], besides current: SeriesCopy?) -> Int {
        var counted: [SeriesCopy] = []
        for copy in copies {
            guard !(counted + [current].compactMap(\.self)).contains(where: copy.hasSameData)
            else { continue }
            counted.append(copy)
        }
        return counted.count
    }

    private func hasSameData(as other: SeriesCopy) -> Bool {
        image.sizeBytes == other.image.sizeBytes
            && image.checksums.contains { checksum in
                checksum.algorithm != .md5 && other.image.checksums.contains(checksum)
            }
    }

    /// The copies of ours that wait for the name of the series, or waited until their source left them,
    /// and that no one has edited. A run that left them unnamed has written that down.
    static func waitingInVain(among copies: [SeriesCopy]) -> Set<String> {
        // Some services write properties of their own into every image.
        let properties = copies.filter(\.image.isWhole).compactMap { $0.image.details?.properties }
        let common = properties.dropFirst().reduce(Set((properties.first ?? [:]).keys)) {
            $0.intersection($1.keys)
        }
        return Set(
            copies.filter {
                $0.waitsForItsName && !$0.isUnnamed && $0.wasDone && $0.isAsMade(besides: common)
            }.map(\.image.id))
    }

    /// True if it is still what the run made, in every field that a listing shows.
    ///
    /// - Parameter properties: names of properties that may be there as well.
    private func isAsMade(besides properties: Set<String>) -> Bool {
        guard let wanted = transfer?.record, let details = image.details else { return false }
        let others = Set(details.properties.keys).subtracting(wanted.properties.keys)
            .filter { $0 != Origin.propertyName && !$0.hasPrefix("os_glance") }
        return image.visibility == wanted.visibility && image.isHidden == wanted.isHidden
            && image.isProtected == wanted.isProtected
            && (image.status == .deactivated) == wanted.isDeactivated
            && details.minDiskGiB == wanted.minDiskGiB && details.minRAMMiB == wanted.minRAMMiB
            && Set(details.tags) == Set(wanted.tags)
            && wanted.properties.allSatisfy { details.properties[$0.key] == $0.value }
            && others.isSubset(of: properties)
    }

    /// True if it was made under the name of an earlier version, and no run ever gave it the name of
    /// the series.
    var waitsForItsName: Bool {
        guard let record = transfer?.record, record.currentName != nil else { return false }
        return image.name == record.name
            && !changes.contains { $0.shows || $0 == .rename }
    }

    /// True if others see it as the current version of its series.
    var isShown: Bool {
        guard let transfer, image.isWhole, becameCurrent else { return false }
        return Change.isShown(image, as: transfer.record)
    }

    /// True if a run gave it the name of a version that is not the current one.
    var isNamedAsEarlier: Bool {
        guard let transfer, image.name != transfer.record.shownName else { return false }
        return image.name == earlierName(transfer)
    }

    /// What the copy is called while another version is the current one.
    func earlierName(_ transfer: Transfer) -> String {
        if transfer.record.currentName != nil, let name = transfer.record.name { return name }
        return EarlierName.text(
            transfer.record.name ?? transfer.source.displayName, of: transfer.source,
            madeAtUnixSeconds: image.createdAtUnixSeconds)
    }
}

/// `Ubuntu 24.04 (20261128 1f0c9e3a)`: the name of a version that is not the current one, as the
/// SCS standards and openstack-image-manager give names.
enum EarlierName {
    /// The day on which the copy was made, and the version as `tranship series history` shows it:
    /// two versions of a day may follow each other.
    static func text(
        _ name: String, of source: SourceImage, madeAtUnixSeconds: Int64?
    ) -> String {
        let day = madeAtUnixSeconds.map {
            Date(timeIntervalSince1970: Double($0)).formatted(
                .iso8601.year().month().day().dateSeparator(.omitted))
        }
        let words = [day, ImageIdentity.versionWord(of: source)].compactMap(\.self)
        return "\(name) (\(words.joined(separator: " ")))"
    }
}
