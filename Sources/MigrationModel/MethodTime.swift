// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// The time that the data of one image took from a source to a target, as a run measured it.
public struct MethodTime: Sendable, Hashable {
    /// The endpoint of the source: an Image service, a host, or this machine.
    public var source: String
    /// The endpoint of the target's Image service.
    public var target: String
    public var method: UploadMethod
    /// The time for each GiB of the image. It begins with the first byte that was sent, or with the
    /// request for the import, and ends when the target had all data.
    public var millisecondsPerGiB: Int64
    public var runID: Int64
    /// The lowest rate that the run's `limits.bandwidth` allowed for all its transfers together;
    /// nil without a limit, and for data that the service fetched itself.
    public var bandwidthBytesPerSecond: Int64?

    public init(
        source: String, target: String, method: UploadMethod, millisecondsPerGiB: Int64,
        runID: Int64, bandwidthBytesPerSecond: Int64? = nil
    ) {
        self.source = source
        self.target = target
        self.method = method
        self.millisecondsPerGiB = millisecondsPerGiB
        self.runID = runID
        self.bandwidthBytesPerSecond = bandwidthBytesPerSecond
    }

    /// The size of the smallest image that is measured. Smaller images spend much of their time on
    /// requests, so a GiB would seem to take several times as long as it does.
    public static let sizeBytesMin: Int64 = 64 << 20
    /// The greatest age of a time that still counts.
    public static let ageMillisecondsMax: Int64 = 90 * 86_400_000
    /// The number of times that count for one source, target and method: the newest ones.
    public static let countMax = 20
    /// The longest plausible time. A longer one is damaged: no image takes 12 days for a GiB.
    public static let millisecondsMax: Int64 = 1_000_000_000
}

/// The assumptions of a plan about methods that no run has measured yet.
public struct MethodAssumptions: Sendable {
    /// The times for each GiB, as measured in one lab.
    public var millisecondsPerGiB: [UploadMethod: Int64] = [
        .upload: 7000, .glanceDownload: 12_800, .glanceDirect: 17_600, .webDownload: 18_800,
    ]
    /// The size below which the data of an image always passes through this process: an import
    /// takes some seconds even for a small image.
    public var smallBytes: Int64 = 8 << 20

    public init() {}
}

/// An estimate of the time that a method takes, and the basis of that estimate.
public struct MethodEstimate: Codable, Hashable, Sendable {
    public enum Basis: Codable, Hashable, Sendable {
        /// The time on the clouds that Tranship was tested with.
        case assumed
        /// The median of the times that these runs measured.
        case measured(firstRun: Int64, lastRun: Int64)
        /// The times of uploads from the same source to other targets, or from other sources to the
        /// same target.
        case measuredElsewhere(lastRun: Int64)
        /// The share of `limits.bandwidth` for one image, with this number of images at once.
        case limited(bytesPerSecond: Int64, images: Int)
    }

    public var method: UploadMethod
    public var millisecondsPerGiB: Int64
    public var basis: Basis

    public init(_ method: UploadMethod, millisecondsPerGiB: Int64, _ basis: Basis) {
        self.method = method
        self.millisecondsPerGiB = millisecondsPerGiB
        self.basis = basis
    }
}

extension MethodEstimate {
    /// `about 6.5 s`, `about 14m 03s`.
    private var time: String {
        guard millisecondsPerGiB < 10_000 else {
            return "about "
                + TimeSpan.format(millisecondsPerGiB.clampedSum(500) / 1000)
                .replacing(/^(\d+)s$/) { "\($0.1) s" }
        }
        let tenths = max(1, (millisecondsPerGiB + 50) / 100)
        return tenths % 10 == 0 ? "about \(tenths / 10) s" : "about \(tenths / 10).\(tenths % 10) s"
    }

    /// `web-download takes about 19 s a GiB (assumed)`.
    public var words: String { "\(method.rawValue) takes \(time) a GiB (\(basis.words))" }

    /// Returns the words of the first estimate, followed by short words of the others.
    static func words(_ estimates: [MethodEstimate]) -> String {
        guard let first = estimates.first else { return "" }
        return
            ([first.words]
            + estimates.dropFirst().map { "\($0.method.rawValue) \($0.time) (\($0.basis.words))" })
            .joined(separator: ", ")
    }
}

extension MethodEstimate.Basis {
    /// A stable name, as JSON writes it.
    public var code: String {
        switch self {
        case .assumed: "assumed"
        case .measured: "measured"
        case .measuredElsewhere: "measured-elsewhere"
        case .limited: "limited"
        }
    }

    /// The last run that measured the time; nil if no run did.
    public var lastRun: Int64? {
        switch self {
        case .measured(_, let run), .measuredElsewhere(let run): run
        case .assumed, .limited: nil
        }
    }

    var words: String {
        switch self {
        case .assumed: "assumed"
        case .measured(let first, let last):
            first == last ? "measured in run \(last)" : "measured in runs \(first) to \(last)"
        case .measuredElsewhere(let run): "measured in run \(run) with another source or target"
        case .limited(let rate, let images):
            "`limits.bandwidth` is \(ByteCount.format(rate))/s"
                + (images > 1 ? " for \(images) images at once" : "")
        }
    }
}
