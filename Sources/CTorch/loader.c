int grove_placeholder;
