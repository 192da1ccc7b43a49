// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Test files that are called after a subject, because it lies across files.
enum Exceptions {
    static let subjects: [String: String] = [
        "Tests/TaskWaitersTests/ImportWaiterAnswersTests.swift": "the waiter against every answer",
        "Tests/OpenStackImageTests/Waiting/ImportStandingTests.swift": "what an import looks like",
        "Tests/OpenStackImageTests/Waiting/ImageService+WaitTests.swift":
            "every wait over many files",
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
