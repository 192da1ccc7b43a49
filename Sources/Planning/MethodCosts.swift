// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
public import MigrationModel

/// The estimated time of each method from a source to a target.
///
/// Pure. Three things count, in this order. First, the median of the times that earlier runs
/// measured between these two. Second, for data that passes through this process, the uploads of
/// earlier runs between one of them and other ends, because those share our link. Third, the times
/// that a lab measured. No transfer through this process is estimated as faster than
/// `limits.bandwidth` allows.
public struct MethodCosts: Sendable {
    /// Two ends and a method between them.
    private struct Way: Hashable {
        var source: String
        var target: String
        var method: UploadMethod?
    }

    private let assumptions: MethodAssumptions
    private let bandwidthBytesPerSecond: Int64?
    private let imagesAtOnce: ImagesAtOnce
    private let imagesMax: Int
    private let paces: [String: PaceExperience]
    private let measured: [Way: MethodEstimate]
    private let lastMethods: [Way: [UploadMethod]]
    /// The fastest uploads from each source, and to each target.
    private let fromSources: [String: MethodEstimate]
    private let toTargets: [String: MethodEstimate]

    /// - Parameters:
    ///   - times: the times of earlier runs, newest first.
    ///   - bandwidthBytesPerSecond: the rate that `limits.bandwidth` allows now; nil if it does not
    ///     limit.
    ///   - imagesAtOnce: the number of images that share that rate.
    ///   - imagesMax: the upper bound of that number.
    ///   - paces: the pace with which `auto` begins, by the endpoint of the target.
    public init(
        _ times: [MethodTime] = [], bandwidthBytesPerSecond: Int64? = nil,
        imagesAtOnce: ImagesAtOnce = .automatic, imagesMax: Int = 1000,
        paces: [String: PaceExperience] = [:], assumptions: MethodAssumptions = .init()
    ) {
        self.assumptions = assumptions
        self.bandwidthBytesPerSecond = bandwidthBytesPerSecond.map { max(1, $0) }
        self.imagesAtOnce = imagesAtOnce
        self.imagesMax = imagesMax
        self.paces = paces
        let ways = Dictionary(grouping: times) {
            Way(source: $0.source, target: $0.target, method: $0.method)
        }
        let measured = ways.compactMapValues {
            Self.median($0, bandwidth: bandwidthBytesPerSecond)
        }
        self.measured = measured
        lastMethods = times.reduce(into: [:]) {
            $0[Way(source: $1.source, target: $1.target), default: []].append($1.method)
        }
        func fastest(_ end: KeyPath<Way, String>) -> [String: MethodEstimate] {
            measured.filter { $0.key.method == .upload }.reduce(into: [:]) { found, one in
                let key = one.key[keyPath: end]
                guard let known = found[key],
                    known.millisecondsPerGiB <= one.value.millisecondsPerGiB
                else {
                    found[key] = one.value
                    return
                }
            }
        }
        fromSources = fastest(\.source)
        toTargets = fastest(\.target)
    }

    /// Returns the median of the valid times. Under a limit, uploads take longer than the link
    /// needs, so a time counts only under the same limit or a lower one.
    private static func median(_ times: [MethodTime], bandwidth: Int64?) -> MethodEstimate? {
        let valid = times.filter { time in
            guard let former = time.bandwidthBytesPerSecond else { return true }
            return bandwidth.map { $0 <= former } ?? false
        }.prefix(MethodTime.countMax)
        let sorted = valid.map(\.millisecondsPerGiB).sorted()
        let runs = valid.map(\.runID)
        guard let method = valid.first?.method, let first = runs.min(), let last = runs.max() else {
            return nil
        }
        return MethodEstimate(
            method, millisecondsPerGiB: sorted[sorted.count / 2],
            .measured(firstRun: first, lastRun: last))
    }

    /// True if the image is too small for its method to matter. False if its size is unknown.
    func isSmall(_ sizeBytes: Int64?) -> Bool {
        sizeBytes.map { $0 < assumptions.smallBytes } ?? false
    }

    /// The size below which an image is small.
    var smallBytes: Int64 { assumptions.smallBytes }

    /// - Parameters:
    ///   - source: the endpoint of the source.
    ///   - target: the endpoint of the target's Image service.
    func estimate(
        _ method: UploadMethod, from source: String, to target: String
    ) -> MethodEstimate {
        let known =
            measured[Way(source: source, target: target, method: method)]
            ?? elsewhere(method, source, target) ?? assumed(method)
        guard !method.isServerSide, let rate = bandwidthBytesPerSecond else { return known }
        let images = images(at: target)
        let time = Double(1000 << 30) * Double(images) / Double(rate)
        let milliseconds = min(Int64(clamping: time.rounded()), MethodTime.millisecondsMax)
        guard milliseconds > known.millisecondsPerGiB else { return known }
        return MethodEstimate(
            method, millisecondsPerGiB: milliseconds,
            .limited(bytesPerSecond: rate, images: images))
    }

    /// Returns the method of the newest measured image that used one of these methods.
    func last(
        of methods: [UploadMethod], from source: String, to target: String
    ) -> UploadMethod? {
        lastMethods[Way(source: source, target: target)]?.first(where: methods.contains)
    }

    /// Returns the method whose assumed time is lower.
    func first(of one: UploadMethod, _ other: UploadMethod) -> UploadMethod {
        assumed(other).millisecondsPerGiB < assumed(one).millisecondsPerGiB ? other : one
    }

    private func assumed(_ method: UploadMethod) -> MethodEstimate {
        MethodEstimate(
            method, millisecondsPerGiB: assumptions.millisecondsPerGiB[method] ?? 1, .assumed)
    }

    /// Estimates by uploads from the same source to other targets, and from other sources to the
    /// same target. Reading takes no longer than the fastest upload from this source, and sending
    /// no longer than the fastest upload to this target. An end without measured uploads counts as
    /// fast as assumed. Returns nil if that adds nothing to the assumption.
    private func elsewhere(
        _ method: UploadMethod, _ source: String, _ target: String
    ) -> MethodEstimate? {
        guard !method.isServerSide else { return nil }
        let ends = [fromSources[source], toTargets[target]].compactMap(\.self)
        guard let slower = ends.max(by: { $0.millisecondsPerGiB < $1.millisecondsPerGiB }),
            case .measured(_, let run) = slower.basis
        else { return nil }
        let isWhole = ends.count == 2 && method == .upload
        guard isWhole || slower.millisecondsPerGiB > assumed(method).millisecondsPerGiB else {
            return nil
        }
        return MethodEstimate(
            method, millisecondsPerGiB: slower.millisecondsPerGiB,
            .measuredElsewhere(lastRun: run))
    }

    private func images(at target: String) -> Int {
        let images =
            switch imagesAtOnce {
            case .atMost(let images): images
            case .automatic: paces[target]?.images ?? ImagesAtOnce.first
            }
        return max(1, min(images, imagesMax))
    }
}
