// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The exceptions that the tests of this target allow, each with its reason. The lists only ever
/// get shorter: a test fails for every exception that is no longer needed.
enum Exceptions {
    /// Files over 500 lines (`path`) and functions over 70 (`path: name`).
    static let sizes: [String: String] = [:]

    /// Files whose SQL reaches into JSON by the names of Swift properties.
    static let jsonPaths: [String: String] = [:]

    /// Targets and pages whose prose still needs its pass by `docs/style.md`.
    static let prose: Set<String> = []

    /// Test files named after a subject that several files share.
    static let subjects: [String: String] = [
        "Tests/PlanningTests/ChangedCopyTests.swift": "copies that others changed or removed",
        "Tests/PlanningTests/MetadataPageTests.swift": "the page of the rules for properties",
        "Tests/SourceReadersTests/MemoryImagesTests.swift": "a kind of source that only tests have",
        "Tests/TranshipKitTests/AbsentSourcesTests.swift": "a source that is down beside another",
        "Tests/TranshipKitTests/DamagedArchiveTests.swift": "an archive that lost data, and a run",
        "Tests/TranshipKitTests/FailedRunsTests.swift": "runs that end before their plan",
        "Tests/TranshipKitTests/BrokenTransferTests.swift":
            "a transfer that broke, and the next runs",
        "Tests/TranshipKitTests/KnownDataTests.swift": "the same data under other ETags and times",
        "Tests/TranshipKitTests/LostJournalTests.swift": "runs after the journal is lost",
        "Tests/PlanningTests/WrongClockTests.swift": "nights whose clock was wrong",
        "Tests/TranshipKitTests/SameDataTests.swift":
            "files with the data of an image of their name",
        "Tests/TranshipKitTests/StampedTimesTests.swift": "sources that stamp their answers",
        "Tests/TranshipKitTests/PlantedRecordTests.swift": "records of others under our ids",
        "Tests/TranshipKitTests/ConvertedCopyTests.swift": "imports that convert, and a run",
        "Tests/TranshipKitTests/OnConflictTests.swift": "on_conflict over several runs",
        "Tests/TranshipKitTests/SharingTests.swift": "members over several runs",
        "Tests/TranshipKitTests/LostAnswerTests.swift": "answers that do not arrive, and a run",
        "Tests/TranshipKitTests/ChangedChecksumsTests.swift":
            "images whose source reports other checksums than before, and a run",
        "Tests/TranshipKitTests/EditedPipelineTests.swift":
            "what a pipeline file names was edited between run and resume, and a run",
        "Tests/TranshipKitTests/MovedCloudTests.swift":
            "an entry of clouds.yaml leads elsewhere, and commands that act from the journal",
        "Tests/TranshipKitTests/UnlistedCopyTests.swift": "copies that others changed, and a run",
        "Tests/TranshipKitTests/WholeRunTests.swift": "the kit from plan to summary",
        "Tests/TranshipKitTests/RequestCountTests.swift": "what an image costs at both ends",
        "Tests/TranshipKitTests/SeriesTests.swift": "versions over many nights, and by hand",
        "Tests/TranshipKitTests/SeriesByHandTests.swift": "what operators do to versions",
        "Tests/TranshipKitTests/ChangedPromiseTests.swift": "one version under several promises",
        "Tests/TranshipKitTests/ChangedIndexTests.swift": "whole runs from an index that changes",
        "Tests/TranshipKitTests/MemberNamesTests.swift": "members in what the kit says",
        "Tests/TranshipKitTests/NeverCurrentTests.swift": "copies that their source left",
        "Tests/TranshipKitTests/SourcesAheadTests.swift": "publishers that are asked side by side",
        "Tests/TranshipKitTests/SeveralSourcesTests.swift": "one series and several sources",
        "Tests/TranshipKitTests/StaleMirrorTests.swift": "whole runs from a pool of mirrors",
        "Tests/TranshipKitTests/ThirtyNightsTests.swift": "a mirror over a month",
        "Tests/PipelineFilesTests/ExamplePipelinesTests.swift": "the files of pipelines/",
        "Tests/TranshipKitTests/FanOutTests.swift": "one source and several targets",
        "Tests/TranshipKitTests/PublicCasesTests.swift": "the kit against clouds of public reports",
        "Tests/TaskWaitersTests/ImportWaiterAnswersTests.swift": "the waiter against every answer",
        "Tests/OpenStackImageTests/Metadefs/ImageService+MetadefsTests.swift":
            "one catalogue over many files",
        "Tests/OpenStackImageTests/ImageData/FileStemTests.swift":
            "names of files, over many calls",
        "Tests/OpenStackImageTests/ImageData/DataErrorsTests.swift": "every cause in its words",
        "Tests/OpenStackImageTests/ImageData/DataProofTests.swift": "every way to prove a download",
        "Tests/MigrationPipelineTests/ImportSchedulingTests.swift":
            "imports and quotas in the scheduler",
        "Tests/HTTPTransportTests/CancellationTests.swift": "of every kind of exchange",
        "Tests/HTTPTransportTests/HTTPClient+DownloadTests.swift": "one call over many files",
        "Tests/HTTPTransportTests/HTTPClient+UploadTests.swift": "one call over many files",
        "Tests/OpenStackImageTests/LegacyV1/LegacyImageDataTests.swift": "against a real v1",
        "Tests/OpenStackImageTests/LegacyV1/LegacyImagesTests.swift": "against a real v1",
        "Tests/OpenStackImageTests/LegacyV1/LegacyListsTests.swift": "against a real v1",
        "Tests/OpenStackImageTests/LegacyV1/LegacyMembersTests.swift": "against a real v1",
        "Tests/HTTPTransportTests/ProxyTests.swift": "a setting of curl and of the environment",
        "Tests/MigrationPipelineTests/CrashTests.swift": "the whole pipeline, killed anywhere",
        "Tests/OpenStackImageTests/ImageData/RangeRefusalTests.swift":
            "what services do with ranges",
        "Tests/OpenStackImageTests/Service/TokenRenewalTests.swift": "session and service together",
    ]
}
