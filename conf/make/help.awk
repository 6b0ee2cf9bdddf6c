# Prints the Makefile's targets: "##@ Section" begins a section, "target: … ## words" describes a target.
BEGIN { FS = ":.*## "; print "usage: make [TARGET]" }
/^##@ / { printf "\n%s\n", substr($0, 5) }
/^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $1, $2 }
