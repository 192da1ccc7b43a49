// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@testable import Planning

/// The choice and its reason, which has to be the actual one.
@Suite struct NegotiationTests {
    private static let all = ["glance-direct", "web-download", "copy-image", "glance-download"]

    private static let file = Fetchable.nothing(.dataIsLocal)
    private static let openURL = Fetchable.openURL(Secret("https://mirror.example/a.img"))
    private static let closedURL = Fetchable.nothing(.urlNeedsSecrets)
    private static let sibling = Fetchable.siblingImage(
        id: "i", region: "north", interface: "public")
    private static let foreign = Fetchable.nothing(.noSharedKeystone)

    private func negotiation(
        methods: [String] = all, reports: [Checksum.Algorithm] = [.sha512, .md5],
        stores: PlannedRecord.Stores = .standard, costs: MethodCosts = slowLink
    ) -> Negotiation {
        Negotiation(
            offer: TargetOffer(importMethods: methods, reportedAlgorithms: reports), stores: stores,
            costs: costs, endpoint: "beta")
    }

    /// Costs with which sending takes 1024 s a GiB.
    private static let slowLink = MethodCosts(
        bandwidthBytesPerSecond: 1 << 20, imagesAtOnce: .atMost(1))

    private func origin(
        _ kind: Fetchable, _ algorithm: Checksum.Algorithm?, sizeBytes: Int64? = nil
    ) throws -> Negotiation.Origin {
        .init(
            kind, promise: try algorithm.map { try Sample.checksum($0, "a") },
            sizeBytes: sizeBytes, endpoint: "alpha")
    }

    private static let ofTheService: [(Fetchable, UploadMethod)] = [
        (openURL, .webDownload), (sibling, .glanceDownload),
    ]

    // MARK: Auto, where the service could fetch

    @Test(
        arguments: ofTheService, [Checksum.Algorithm.sha512, .md5])
    func `The service fetches over a slow link where its own digest proves the result`(
        way: (Fetchable, UploadMethod), algorithm: Checksum.Algorithm
    ) throws {
        let choice = negotiation().choose(for: try origin(way.0, algorithm))
        #expect(choice.method == way.1)
        #expect(choice.fallbacks == [.upload])
        let estimates = [
            MethodCosts().estimate(way.1, from: "alpha", to: "beta"),
            MethodEstimate(
                .upload, millisecondsPerGiB: 1_024_000,
                .limited(bytesPerSecond: 1 << 20, images: 1)),
        ]
        #expect(choice.reason == .targetFetchesFaster(provedBy: algorithm, estimates))
    }

    // MARK: Auto, by cost

    private static func time(
        _ method: UploadMethod, _ seconds: Double, run: Int64 = 3, source: String = "alpha",
        target: String = "beta"
    ) -> MethodTime {
        MethodTime(
            source: source, target: target, method: method,
            millisecondsPerGiB: Int64(seconds * 1000), runID: run)
    }

    /// The measurements of earlier runs, and the choice of `auto` for an image of another region.
    private static let measures: [(String, [MethodTime], UploadMethod, String)] = [
        (
            "nothing is known", [], .upload,
            "upload takes about 7 s a GiB (assumed), glance-download about 13 s (assumed)"
        ),
        (
            "uploads were slow", [time(.upload, 40)], .glanceDownload,
            "glance-download takes about 13 s a GiB (assumed), upload about 40 s (measured in run "
                + "3); the target's sha512 proves the result"
        ),
        (
            "uploads were slow, and so was the service",
            [time(.glanceDownload, 90, run: 4), time(.upload, 40)], .upload,
            "upload takes about 40 s a GiB (measured in run 3), glance-download about 1m 30s "
                + "(measured in run 4)"
        ),
        (
            "the other method is faster by a fifth",
            [time(.upload, 16), time(.glanceDownload, 12.8)], .glanceDownload,
            "glance-download takes about 13 s a GiB (measured in run 3), upload about 16 s (measured "
                + "in run 3); the target's sha512 proves the result"
        ),
        (
            "the other method is faster by less",
            [time(.upload, 15.9), time(.glanceDownload, 12.8)],
            .upload,
            "upload takes about 16 s a GiB (measured in run 3), glance-download about 13 s (measured "
                + "in run 3): too little to change the method"
        ),
        (
            "the method of the last run stays for the same reason",
            [time(.glanceDownload, 12.8, run: 4), time(.upload, 10.3)], .glanceDownload,
            "glance-download takes about 13 s a GiB (measured in run 4), upload about 10 s (measured "
                + "in run 3): too little to change the method"
        ),
        (
            "uploads to another target were slow", [time(.upload, 40, target: "gamma")],
            .glanceDownload,
            "glance-download takes about 13 s a GiB (assumed), upload about 40 s (measured in run 3 "
                + "with another source or target); the target's sha512 proves the result"
        ),
        (
            "the service's own fetches elsewhere say nothing",
            [time(.glanceDownload, 1, target: "gamma")], .upload,
            "upload takes about 7 s a GiB (assumed), glance-download about 13 s (assumed)"
        ),
    ]

    @Test(arguments: measures)
    func `What earlier runs measured decides, and a change has to pay`(
        _ known: String, times: [MethodTime], method: UploadMethod, words: String
    ) throws {
        let choice = negotiation(costs: MethodCosts(times))
            .choose(for: try origin(Self.sibling, .sha512, sizeBytes: 1 << 30))
        #expect(choice.method == method, "\(known)")
        #expect(choice.reason.words == words)
        #expect(choice.fallbacks == (method == .upload ? [] : [.upload]))
    }

    @Test(arguments: ofTheService)
    func `A small image passes through us, and one of an unknown size may be large`(
        way: (Fetchable, UploadMethod)
    ) throws {
        func choice(_ sizeBytes: Int64?) throws -> Negotiation.Choice {
            negotiation().choose(for: try origin(way.0, .sha512, sizeBytes: sizeBytes))
        }
        let small = try choice(8 << 20 - 1)
        #expect(small == .init(method: .upload, reason: .imageIsSmall(belowBytes: 8 << 20)))
        #expect(try choice(8 << 20).method == way.1)
        #expect(try choice(nil).method == way.1)
    }

    @Test(arguments: ofTheService)
    func `The method of a saved plan stays as long as it can be proved`(
        way: (Fetchable, UploadMethod)
    ) throws {
        let given = try origin(way.0, .sha512)
        let kept = negotiation().choose(for: given, saved: .upload)
        #expect(kept == .init(method: .upload, reason: .methodOfSavedPlan))
        let fetched = negotiation(costs: MethodCosts()).choose(for: given, saved: way.1)
        #expect(
            fetched
                == .init(method: way.1, fallbacks: [.upload], reason: .methodOfSavedPlan))
        let unproved = negotiation().choose(for: try origin(way.0, .sha256), saved: way.1)
        #expect(unproved.method == .upload)
        // A method that `auto` never uses.
        #expect(negotiation().choose(for: given, saved: .glanceDirect).method == way.1)
    }

    @Test func `Data for several stores is staged unless the service fetches it faster`() throws {
        func choice(_ kind: Fetchable) throws -> Negotiation.Choice {
            negotiation(stores: .all, costs: MethodCosts()).choose(for: try origin(kind, .sha512))
        }
        #expect(try choice(Self.openURL).method == .glanceDirect)
        #expect(
            try choice(Self.openURL).reason.words
                == "glance-direct takes about 18 s a GiB (assumed), web-download about 19 s "
                + "(assumed); one import fills several stores")
        #expect(try choice(Self.sibling).method == .glanceDownload)
    }

    // MARK: Auto, where nothing proves the result

    @Test(arguments: ofTheService, [Checksum.Algorithm.sha256, .sha1])
    func `Bytes pass through us where the target reports no such digest`(
        way: (Fetchable, UploadMethod), algorithm: Checksum.Algorithm
    ) throws {
        let choice = negotiation().choose(for: try origin(way.0, algorithm))
        #expect(choice.method == .upload)
        #expect(choice.fallbacks.isEmpty)
        #expect(
            choice.reason
                == .digestsDiffer(.init(promised: algorithm, reported: [.sha512, .md5])))
    }

    @Test(arguments: ofTheService)
    func `A target that reports sha256 may fetch what promises sha256`(
        way: (Fetchable, UploadMethod)
    ) throws {
        let choice = negotiation(reports: [.sha256, .md5]).choose(for: try origin(way.0, .sha256))
        #expect(choice.method == way.1)
    }

    @Test(arguments: ofTheService)
    func `Bytes pass through us where nothing is promised`(
        way: (Fetchable, UploadMethod)
    ) throws {
        let choice = negotiation().choose(for: try origin(way.0, nil))
        #expect(choice.method == .upload)
        #expect(
            choice.reason == .nothingPromisedToCompare)
    }

    @Test(arguments: ofTheService, [[], ["glance-direct", "copy-image"]])
    func `Bytes pass through us where the method is not offered`(
        way: (Fetchable, UploadMethod), methods: [String]
    ) throws {
        let choice = negotiation(methods: methods).choose(for: try origin(way.0, .sha512))
        #expect(choice.method == .upload)
        #expect(choice.reason == .methodNotOffered(way.1))
    }

    // MARK: Auto, where it could not

    @Test(
        arguments: [
            (file, PlanReason.dataIsLocal), (closedURL, .urlNeedsSecrets),
            (foreign, .noSharedKeystone),
        ], [Checksum.Algorithm?.none, .sha512, .sha256])
    func `What the service cannot read is uploaded, whatever is promised`(
        way: (Fetchable, PlanReason), algorithm: Checksum.Algorithm?
    ) throws {
        let choice = negotiation().choose(for: try origin(way.0, algorithm))
        #expect(choice == .init(method: .upload, reason: way.1))
    }

    // MARK: Several stores

    @Test(arguments: [PlannedRecord.Stores.all, .named(["a", "b"])])
    func `One import fills several stores`(stores: PlannedRecord.Stores) throws {
        let several = negotiation(stores: stores)
        let choice = several.choose(for: try origin(Self.file, nil))
        #expect(choice.method == .glanceDirect)
        #expect(choice.reason == .fillsSeveralStores(.dataIsLocal))
        #expect(
            several.choose(for: try origin(Self.openURL, .sha512)).fallbacks
                == [.glanceDirect])
    }

    @Test func `One named store, or a target without imports, takes an upload`() throws {
        let file = try origin(Self.file, nil)
        #expect(negotiation(stores: .named(["a"])).choose(for: file).method == .upload)
        #expect(negotiation(methods: [], stores: .all).choose(for: file).method == .upload)
    }

    @Test func `A target without Keystone is left alone with imports`() throws {
        func keyless(_ stores: PlannedRecord.Stores) -> Negotiation {
            Negotiation(
                offer: TargetOffer(importMethods: Self.all, hasProjects: false), stores: stores)
        }
        let choice = keyless(.standard).choose(for: try origin(Self.openURL, .sha512))
        #expect(
            choice
                == .init(
                    method: .upload,
                    reason: .importsNeedKeystone))
        #expect(keyless(.all).choose(for: try origin(Self.file, nil)).method == .upload)
    }

    // MARK: Named methods

    private static let everyKind: [Fetchable] = [
        file, openURL, closedURL, sibling,
        foreign,
    ]

    private static func canRead(_ method: UploadMethod, _ kind: Fetchable) -> Bool {
        switch method {
        case .upload, .glanceDirect: true
        case .webDownload: kind == openURL
        case .glanceDownload: kind == sibling
        }
    }

    @Test(arguments: UploadMethod.allCases, everyKind)
    func `A named method is taken as it is, or refused where it cannot read the source`(
        method: UploadMethod, kind: Fetchable
    ) throws {
        let given = try origin(kind, .sha512)
        guard Self.canRead(method, kind) else {
            let error = #expect(throws: TranshipError.self) {
                try negotiation().check(method, for: given)
            }
            #expect(error?.code == .refused)
            #expect(error?.message.contains("`method: \(method.rawValue)` reads") == true)
            return
        }
        #expect(
            try negotiation().check(method, for: given)
                == .init(method: method, reason: .namedByPipeline))
    }

    @Test(arguments: UploadMethod.allCases)
    func `A named method that the target does not list is refused with its list`(
        method: UploadMethod
    ) throws {
        let given = try origin(
            method == .glanceDownload ? Self.sibling : Self.openURL, .md5)
        let narrow = negotiation(methods: ["copy-image"])
        guard method.isImport else {
            #expect(try narrow.check(method, for: given).method == .upload)
            return
        }
        let error = #expect(throws: TranshipError.self) { try narrow.check(method, for: given) }
        #expect(
            error?.message
                == "`method: \(method.rawValue)` is not offered by the target, only copy-image")
    }

    /// The service creates the import's task before it looks for an owner, and ends with an error
    /// of its own.
    @Test(arguments: UploadMethod.allCases)
    func `A named import is refused where no Keystone gives it an owner`(
        method: UploadMethod
    ) throws {
        let keyless = Negotiation(
            offer: TargetOffer(importMethods: Self.all, hasProjects: false), stores: .standard)
        let given = try origin(
            method == .glanceDownload ? Self.sibling : Self.openURL, .sha512)
        guard method.isImport else {
            #expect(try keyless.check(method, for: given).method == .upload)
            return
        }
        let error = #expect(throws: TranshipError.self) { try keyless.check(method, for: given) }
        #expect(error?.code == .refused)
        #expect(
            error?.message
                == "`method: \(method.rawValue)` is an import, and without Keystone an import has no "
                + "owner: the target answers 500 to it")
        #expect(error?.hint == "use method: auto or upload")
    }

    @Test(arguments: ofTheService)
    func `A named method whose result nothing proves says how it will be proved`(
        way: (Fetchable, UploadMethod)
    ) throws {
        #expect(
            try negotiation().check(way.1, for: try origin(way.0, .sha256)).reason
                == .namedByPipelineReadBack(
                    .init(promised: .sha256, reported: [.sha512, .md5])))
        #expect(
            try negotiation().check(way.1, for: try origin(way.0, nil)).reason
                == .namedByPipelineUnproved)
    }
}
