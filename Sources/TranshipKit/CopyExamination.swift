// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import Planning

/// The forecast for a copy of a project's images from one cloud to another. Only reads, and does
/// not look at single images: `tranship copy --dry-run` does.
public struct CopyExamination: Sendable {
    public let source: CloudExamination
    public let target: CloudExamination
    /// The words for both clouds that `tranship copy` takes: `alpha`, `alpha/RegionTwo`.
    public let places: (source: String, target: String)
    public let method: UploadMethod
    /// The methods to use if the method fails, best first.
    public let fallbacks: [UploadMethod]
    public let methodReason: PlanReason

    /// - Throws: as ``CloudExamination/examine(_:region:environment:)``.
    public static func examine(
        source: String, target: String, environment: [String: String]
    ) async throws(TranshipError) -> CopyExamination {
        let known = try KnownClouds(environment: environment)
        let (from, into) = (known.place(source), known.place(target))
        func examined(
            _ name: String, _ region: String?
        ) async throws(TranshipError) -> CloudExamination {
            do throws(TranshipError) {
                return try await .examine(name, region: region, environment: environment)
            } catch {
                // Say which of the two clouds failed.
                throw error.isNaming(name) ? error : error.of(cloud: name)
            }
        }
        return CopyExamination(
            source: try await examined(from?.name ?? source, from?.region),
            target: try await examined(into?.name ?? target, into?.region),
            places: (source, target))
    }

    init(
        source: CloudExamination, target: CloudExamination,
        places: (source: String, target: String)
    ) {
        self.source = source
        self.target = target
        self.places = places
        let (here, there) = (source.keystoneRegion, target.keystoneRegion)
        let fetchable: Fetchable =
            if let here, here.isSibling(of: there), let name = here.name {
                .siblingImage(id: "", region: name, interface: "public")
            } else {
                .nothing(Self.isOneService(here, there) ? .oneImageService : .noSharedKeystone)
            }
        let promise = try? Checksum(
            .sha512, String(repeating: "0", count: Checksum.Algorithm.sha512.digitCount))
        let choice = Negotiation(offer: target.offer, stores: .standard)
            .choose(for: .init(fetchable, promise: promise))
        (method, fallbacks, methodReason) = (choice.method, choice.fallbacks, choice.reason)
    }

    private static func isOneService(_ here: CloudRegion?, _ there: CloudRegion?) -> Bool {
        here?.sharesKeystone(with: there) == true && here?.name == there?.name
    }

    /// True if both are the same project of the same Image service.
    public var isOneProject: Bool {
        func spelled(_ cloud: CloudExamination) -> String {
            ServiceAddress.inOneSpelling(cloud.imageEndpoint, versions: ["/v1", "/v2"])
        }
        return spelled(source) == spelled(target)
            && source.project.projectID == target.project.projectID
    }

    /// Formats of the source's images that the target does not take: `vhd (2 images)`.
    public var refusedFormats: [String] {
        func refused(_ found: [String: Int], _ taken: [String]) -> [String] {
            guard !taken.isEmpty else { return [] }
            return found.filter { $0.key != "none" && !taken.contains($0.key) }
                .sorted { $0.key < $1.key }
                .map { "\($0.key) (\(counted($0.value, "image")))" }
        }
        return refused(source.stock?.diskFormats ?? [:], target.diskFormats)
            + refused(source.stock?.containerFormats ?? [:], target.containerFormats)
    }

    /// The quotas of the target that have too little room, if none of the images is there yet.
    public var shortfalls: [String] {
        guard let stock = source.stock else { return [] }
        var found: [String] = []
        if let left = target.offer.left(of: "image_size_total"), stock.sizeBytes >> 20 > left {
            found.append(
                "the quota image_size_total leaves \(max(0, left)) MiB, and the images have "
                    + "\(stock.sizeBytes >> 20) MiB")
        }
        if let left = target.offer.left(of: "image_count_total"), stock.images > left {
            found.append(
                "the quota image_count_total leaves \(max(0, left)), and there are "
                    + counted(stock.images, "image"))
        }
        return found
    }

    /// The verdict on the whole copy: a no if it cannot begin.
    public var verdict: CloudVerdict {
        var against: [String] = []
        if isOneProject { against.append("source and target are one project of one cloud") }
        if !source.asSource.isYes {
            against += source.asSource.reasons.map { "source \(source.cloudName): \($0)" }
        }
        if !target.asTarget.isYes {
            against += target.asTarget.reasons.map { "target \(target.cloudName): \($0)" }
        }
        guard against.isEmpty else { return CloudVerdict(isYes: false, reasons: against) }
        let formats = refusedFormats.map { "the target does not accept \($0)" }
        return CloudVerdict(isYes: true, reasons: shortfalls + formats)
    }
}

extension CloudExamination {
    fileprivate var keystoneRegion: CloudRegion? {
        authURL.map { CloudRegion(keystoneURL: $0, name: region) }
    }
}
