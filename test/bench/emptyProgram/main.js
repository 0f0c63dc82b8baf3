// Declares nothing: what a preview costs before there is a program.
require("@pulumi/pulumi");
